import type { Rollout } from '../adapter/adapter.ts';
import { type Step, walkSteps } from '../adapter/trace.ts';
import { RolloutError } from '../errors.ts';

/**
 * Whether other texts cannot help with an error of the program: the adapter knows it, or no model was called before.
 * Unknown without a trace. An error after a model call, as of a parser or a context length, may depend on the texts.
 */
export function isHopelessError(error: unknown): boolean {
  if (!RolloutError.isInstance(error)) return false;
  const { isHopeless, trace } = error as RolloutError<unknown>;
  if (isHopeless) return true;
  return (
    Array.isArray(trace) && [...walkSteps(trace as readonly Step[])].every(({ kind }) => kind !== 'model')
  );
}

/** Whether no text can make the program run: several rollouts all failed so, with the same error. */
export function isHopeless(rollouts: readonly Rollout<unknown, unknown, unknown>[]): boolean {
  const [first] = rollouts;
  return (
    rollouts.length > 1 && rollouts.every(({ isHopeless, error }) => isHopeless && error === first?.error)
  );
}
