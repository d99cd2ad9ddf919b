import type { CallMeter } from './adapter/call-meter.ts';
import type { PromptImage } from './adapter/prompt-image.ts';
import { noUsage, soundUsage, type Usage } from './budget/usage.ts';
import { ProposerError } from './errors.ts';

/** The answer of a language model. */
export interface LanguageModelAnswer {
  readonly text: string;
  readonly usage?: Usage | undefined;
  /** Why the model stopped, as reported by the provider. `length`, `max_tokens` and similar values mean: cut off. */
  readonly finishReason?: string | undefined;
}

/** A request to a reflection model. */
export interface LanguageModelRequest {
  readonly prompt: string;
  /** At most 8 images that the prompt refers to, only for a model with `readsImages`. */
  readonly images?: readonly PromptImage[] | undefined;
  /** Aborted when the run ends or the call times out. */
  readonly signal: AbortSignal;
  /** Reports each model call. Undefined outside a run. */
  // `| undefined`: a judge passes its own on, also where its project sets `exactOptionalPropertyTypes`.
  readonly meter?: CallMeter | undefined;
}

/** A reflection model: answers a prompt, or throws. Transient errors are retried. */
export interface LanguageModel {
  (request: LanguageModelRequest): Promise<string | LanguageModelAnswer>;
  /** The name of the model as its usage reports it, if known. `maxCostUsd` then requires a price for it. */
  readonly modelName?: string | undefined;
  /**
   * Whether it reports every model call to `meter` before the call is made. If not, `maxCostUsd` and `maxTokens`
   * require `reserve.reflection`. Default: `false`.
   */
  readonly metersCalls?: boolean | undefined;
  /** Whether it passes the `images` of a request to the model. Default `false`: the prompt then only mentions images. */
  readonly readsImages?: boolean | undefined;
  /** The API keys that it uses. Masked in everything that a run writes, reports or sends to a model; never stored. */
  readonly secrets?: readonly string[] | undefined;
}

/**
 * Converts an answer to an object with text and usage.
 *
 * @throws {ProposerError} when it is no answer: a function that forgets to return would be asked, and paid for, to the end.
 */
export function normalizeAnswer(
  answer: string | LanguageModelAnswer,
): LanguageModelAnswer & { usage: Usage } {
  const given: unknown = typeof answer === 'string' ? { text: answer } : answer;
  if (typeof given !== 'object' || given === null || !('text' in given)) {
    const what = typeof given === 'object' ? 'an object without `text`' : typeof given;
    throw new ProposerError(
      `The reflection model returned ${given === null ? 'null' : what}. Return its answer as a string, or as { text, usage?, finishReason? }.`,
    );
  }
  // Some providers return no text when the model only calls tools.
  const { text, ...rest } = given as Partial<LanguageModelAnswer>;
  return {
    ...rest,
    text: typeof text === 'string' ? text : '',
    usage: soundUsage(rest.usage ?? { ...noUsage, modelCalls: 1 }),
  };
}

/** Whether a finish reason means that the answer is incomplete. */
export function isCutOff(finishReason: string | undefined): boolean {
  return (
    finishReason !== undefined &&
    /length|max_?(output_)?tokens|incomplete|content.?filter|context.?window/i.test(finishReason)
  );
}
