import { addUsage, noUsage, type Usage } from '../budget/usage.ts';

/** What a step was. */
export type StepKind = 'chain' | 'prompt' | 'model' | 'tool' | 'retriever' | 'agent' | 'other';

/** One step of a rollout, in the terms of no framework. Steps nest and stand in the order they began. */
export interface Step {
  readonly kind: StepKind;
  readonly name: string;
  /** The components whose text took part in this step itself (not in its children). */
  readonly components?: readonly string[];
  readonly input?: unknown;
  readonly output?: unknown;
  /** The message of the error that ended the step. */
  readonly error?: string;
  /** Of a model step: why the model stopped. */
  readonly finishReason?: string;
  readonly usage?: Usage;
  readonly durationMs?: number;
  readonly children?: readonly Step[];
}

/** All steps, depth first, each before its children. */
export function* walkSteps(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step;
    if (step.children) yield* walkSteps(step.children);
  }
}

/** The steps a component's text took part in. */
export function stepsOf(trace: readonly Step[], component: string): Step[] {
  return [...walkSteps(trace)].filter((step) => step.components?.includes(component));
}

/** What all model calls of a trace cost together. */
export function usageOfSteps(trace: readonly Step[]): Usage {
  return [...walkSteps(trace)].reduce((sum, { usage }) => (usage ? addUsage(sum, usage) : sum), noUsage);
}

/**
 * The usage of all model calls of a trace, and why the last of them stopped: it wrote the answer. Without a model step
 * there is neither. For the answer of a `LanguageModel` that runs a program.
 */
export function usageAndFinishReason(trace: readonly Step[]): {
  readonly usage?: Usage;
  readonly finishReason?: string;
} {
  const lastCall = [...walkSteps(trace)].findLast(({ kind }) => kind === 'model');
  if (lastCall === undefined) return {};
  const { finishReason } = lastCall;
  return { usage: usageOfSteps(trace), ...(finishReason === undefined ? {} : { finishReason }) };
}
