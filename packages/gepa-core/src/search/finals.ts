import { stopsRun } from './outcomes.ts';
import { policyRequest, score } from './pool.ts';
import type { SearchContext } from './search-context.ts';
import type { StopReason } from './strategies/stop-reason.ts';

/** Stop reasons that allow no final comparison. */
const urgent: ReadonlySet<StopReason> = new Set([
  'aborted',
  'stopFile',
  'providerUnavailable',
  'runDirUnwritable',
]);

/**
 * Compares the best candidates once more, if the evaluation policy has a final comparison: runs them on further positions
 * of the valset and chooses the best.
 *
 * @returns why the run ends: `reason`, or the reason of an interruption.
 */
export async function compareFinalists<Name extends string>(
  search: SearchContext<Name>,
  reason: StopReason,
): Promise<StopReason> {
  const { state, strategies, dispatch, valset } = search;
  const { finals } = strategies.evaluationPolicy;
  if (finals === undefined || urgent.has(reason)) return reason;
  const isUsed = usedPositions(search);
  const tried = new Set<string>();
  let endedBy = reason;
  for (;;) {
    const step = finals({ ...policyRequest(search), stopReason: reason });
    if ('best' in step) {
      const fresh = step.positions.length > 0 && !step.positions.some((position) => isUsed[position]);
      dispatch({ type: 'best_chosen', index: step.best, positions: step.positions, fresh });
      return endedBy;
    }
    if (endedBy !== reason) return endedBy;
    const missing = step.candidates.flatMap((index) =>
      [...new Set(step.positions)]
        .filter((position) => position < valset.length && state.candidates[index]!.scores[position] === null)
        .map((position) => ({ index, position, run: 1 }))
        .filter((pair) => !tried.has(`${pair.index} ${pair.position}`)),
    );
    // A step without new rollouts would repeat forever.
    if (missing.length === 0) return endedBy;
    for (const { index, position } of missing) tried.add(`${index} ${position}`);
    endedBy = stopsRun(await score(search, missing, 'finals')) ?? reason;
  }
}

/** By position in the valset: whether the search has run a candidate on this example, or on an equal training example. */
function usedPositions<Name extends string>({ state, trainset, valset }: SearchContext<Name>): boolean[] {
  const trained = new Set(trainset.map(({ key }) => key));
  return valset.map(
    ({ key }, position) =>
      trained.has(key) || state.candidates.some(({ scores }) => scores[position] !== null),
  );
}
