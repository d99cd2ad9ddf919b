import type { AnyRollout } from '../../adapter/any.ts';
import { type Step, walkSteps } from '../../adapter/trace.ts';
import { RolloutError } from '../../errors.ts';

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

/** If no text can help with this many first rollouts, the seed is not run on more examples. */
export const DECIDING_ROLLOUTS = 5;

/** Whether no text can make the program run: all rollouts failed in such a way, with the same error. */
export function isHopeless(rollouts: readonly (AnyRollout | undefined)[]): boolean {
  const [first] = rollouts;
  return (
    first !== undefined &&
    rollouts.every((rollout) => rollout?.isHopeless === true && rollout.error === first.error)
  );
}
