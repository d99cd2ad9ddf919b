import type { CallMeter } from './adapter/call-meter.ts';
import { noUsage, soundUsage, type Usage } from './budget/usage.ts';

/** A finished answer of a language model. */
export interface LanguageModelAnswer {
  readonly text: string;
  readonly usage?: Usage;
  /** Why the model stopped, in the provider's word; `length`, `max_tokens` and the like mean: cut off. */
  readonly finishReason?: string;
}

/** What a reflection model is asked. */
export interface LanguageModelRequest {
  readonly prompt: string;
  /** Aborted when the run ends or the call is out of time. */
  readonly signal: AbortSignal;
  /** To be told of model calls as they are made; absent outside of a run. */
  readonly meter?: CallMeter | undefined;
}

/** A reflection model: takes a prompt, gives its answer. Throw to report a failure; transient ones are retried. */
export interface LanguageModel {
  (request: LanguageModelRequest): Promise<string | LanguageModelAnswer>;
  /** The name under which its usage will be reported, where it is known: `maxCostUsd` then needs its price. */
  readonly modelName?: string | undefined;
  /**
   * Whether it tells `meter` of every model call before it is made, so that `maxCostUsd` and `maxTokens` can be kept.
   * Otherwise they need `reserve.reflection`. Default `false`.
   */
  readonly metersCalls?: boolean | undefined;
}

export function normalizeAnswer(
  answer: string | LanguageModelAnswer,
): LanguageModelAnswer & { usage: Usage } {
  // Some providers answer without a text, where they only call tools.
  const { text, ...rest }: Partial<LanguageModelAnswer> =
    typeof answer === 'string' ? { text: answer } : (answer ?? {});
  return {
    ...rest,
    text: typeof text === 'string' ? text : '',
    usage: soundUsage(rest.usage ?? { ...noUsage, modelCalls: 1 }),
  };
}

/** Whether a finish reason says that the answer ends before its end. */
export function isCutOff(finishReason: string | undefined): boolean {
  return (
    finishReason !== undefined &&
    /length|max_?(output_)?tokens|incomplete|content.?filter|context.?window/i.test(finishReason)
  );
}
