import type { Rollout } from '../adapter/adapter.ts';
import { type Step, walkSteps } from '../adapter/trace.ts';

/**
 * Whether no text can make the program run: every rollout failed with the same error, before a model answered. Unknown
 * without traces. An error after an answer, as of a parser, may depend on the texts.
 */
export function isHopeless(rollouts: readonly Rollout<unknown, unknown, unknown>[]): boolean {
  const [first] = rollouts;
  return rollouts.every(
    ({ error, failedIn, trace }) =>
      error !== undefined &&
      error === first?.error &&
      failedIn !== 'metric' &&
      Array.isArray(trace) &&
      [...walkSteps(trace as readonly Step[])].every(
        ({ kind, output }) => kind !== 'model' || output === undefined,
      ),
  );
}
