import type { Rollout } from '../adapter/adapter.ts';
import { type Step, walkSteps } from '../adapter/trace.ts';

/**
 * Whether no text can make the program run: several rollouts all failed with the same error, before a model was called.
 * Unknown without traces. An error after a model call, as of a parser or a context length, may depend on the texts.
 */
export function isHopeless(rollouts: readonly Rollout<unknown, unknown, unknown>[]): boolean {
  const [first] = rollouts;
  return (
    rollouts.length > 1 &&
    rollouts.every(
      ({ error, failedIn, trace }) =>
        error !== undefined &&
        error === first?.error &&
        failedIn !== 'metric' &&
        Array.isArray(trace) &&
        [...walkSteps(trace as readonly Step[])].every(({ kind }) => kind !== 'model'),
    )
  );
}
