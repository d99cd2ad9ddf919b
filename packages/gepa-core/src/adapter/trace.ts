import { addUsage, noUsage, type Usage } from '../budget/usage.ts';

/** The kind of a step. */
export type StepKind = 'chain' | 'prompt' | 'model' | 'tool' | 'retriever' | 'agent' | 'other';

/** A tool that a model may call. */
export interface StepTool {
  readonly name: string;
  readonly description?: string | undefined;
  /** A JSON schema, or its short form by `describeSchema`, which keeps the run directory small. */
  readonly arguments?: unknown | undefined;
}

/** One step of a rollout, independent of any framework. Steps nest, and are in the order in which they began. */
export interface Step {
  readonly kind: StepKind;
  readonly name: string;
  /** The components whose text this step itself used (not its children). */
  readonly components?: readonly string[] | undefined;
  readonly input?: unknown | undefined;
  readonly output?: unknown | undefined;
  /** The message of the error that ended the step. */
  readonly error?: string | undefined;
  /** For a model step: why the model stopped. */
  readonly finishReason?: string | undefined;
  /** For a model step: the provider's name of the model. Default: the step's name. */
  readonly model?: string | undefined;
  /** For a model step: the maximum of output tokens. */
  readonly maxOutputTokens?: number | undefined;
  /** For a model step: the tools that the model may call. */
  readonly tools?: readonly StepTool[] | undefined;
  /** For a model step: the schema of the answer, as JSON schema or in words. */
  readonly responseFormat?: unknown | undefined;
  readonly usage?: Usage | undefined;
  readonly durationMs?: number | undefined;
  readonly children?: readonly Step[] | undefined;
}

/** All steps, depth first, each before its children. */
export function* walkSteps(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step;
    if (step.children) yield* walkSteps(step.children);
  }
}

/** The steps that used a component's text. */
export function stepsOf(trace: readonly Step[], component: string): Step[] {
  return [...walkSteps(trace)].filter((step) => step.components?.includes(component));
}

/** The usage of all model calls of a trace. */
export function usageOfSteps(trace: readonly Step[]): Usage {
  return [...walkSteps(trace)].reduce((sum, { usage }) => (usage ? addUsage(sum, usage) : sum), noUsage);
}

/**
 * The usage of all model calls of a trace, and the finish reason of the last one, which wrote the answer. Empty without a
 * model step. For a `LanguageModel` that runs a program.
 */
export function usageAndFinishReason(trace: readonly Step[]): {
  readonly usage?: Usage | undefined;
  readonly finishReason?: string | undefined;
} {
  const lastCall = [...walkSteps(trace)].findLast(({ kind }) => kind === 'model');
  return lastCall === undefined ? {} : { usage: usageOfSteps(trace), finishReason: lastCall.finishReason };
}
