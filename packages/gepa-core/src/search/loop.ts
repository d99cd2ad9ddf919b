import { compareFinalists } from './finals.ts';
import { merge } from './merge/merge.ts';
import { mutate } from './mutate.ts';
import type { IterationOutcome } from './outcomes.ts';
import { Patience } from './patience.ts';
import { comparePool, policyRequest, startPool } from './pool.ts';
import type { SearchContext } from './search-context.ts';
import type { StopReason } from './strategies/stop-reason.ts';
import { validateGiven, validateSeed } from './validate.ts';
import { warnOfFewProposals } from './warn-of-few-proposals.ts';

/**
 * GEPA (paper, algorithm 1): keeps a pool of candidates and a Pareto frontier over the valset. Each iteration selects a
 * parent from the frontier, lets a model rewrite its components after reading its rollouts on a minibatch, and keeps the
 * child if it is better there, or merges two lineages. At the end, the best candidates are compared once more.
 *
 * @returns why the search ended.
 */
export async function runSearch<Name extends string>(search: SearchContext<Name>): Promise<StopReason> {
  const { state, dispatch, spend } = search;
  const patience = new Patience(search);
  let mergeIsDue = false;

  dispatch(search.started);
  startPool(search);
  warnOfFewProposals(search);
  let reason =
    (await validateSeed(search)) ??
    (await validateGiven(search)) ??
    (await comparePool(search)) ??
    allPerfect(search) ??
    (await stopReason(search));
  while (reason === undefined) {
    const callsBefore = spend.metricCalls;
    dispatch({ type: 'iteration_started', iteration: state.iteration + 1 });
    const merged: IterationOutcome | undefined = mergeIsDue ? await merge(search) : undefined;
    const outcome: IterationOutcome = merged ?? (await mutate(search));
    const stopped = outcome.kind === 'stopped' ? outcome.reason : await comparePool(search);
    dispatch({ type: 'iteration_finished', iteration: state.iteration, metricCalls: spend.metricCalls });

    // A merge becomes due with each accepted mutation, whether or not the last merge was accepted.
    mergeIsDue = merged === undefined && outcome.kind === 'tried' && outcome.accepted > 0;
    const hasMeasured = spend.metricCalls > callsBefore;
    reason =
      stopped ?? patience.after(outcome, hasMeasured) ?? allPerfect(search) ?? (await stopReason(search));
  }
  return compareFinalists(search, reason);
}

/** Why the search ends before the next iteration, if it does. */
function stopReason<Name extends string>(search: SearchContext<Name>): Promise<StopReason | undefined> {
  const { limits, strategies } = search;
  return limits.stopReason(() => strategies.evaluationPolicy.reserve(policyRequest(search)));
}

/**
 * A candidate with a perfect score on every example of the valset cannot be beaten. Where the frontier has objectives,
 * each of them must be perfect too.
 */
function allPerfect<Name extends string>({ settings, state }: SearchContext<Name>): StopReason | undefined {
  const { skipPerfectScore, perfectScore, frontierType } = settings;
  if (!skipPerfectScore) return undefined;
  const isPerfect = (scores: readonly (number | null)[]) =>
    scores.every((score) => score !== null && score >= perfectScore);
  const { candidates, bestIndex } = state;
  if (!isPerfect(candidates[bestIndex]!.scores)) return undefined;
  const isBeyond =
    frontierType === 'instance' ||
    candidates.some(
      ({ scores, objectiveScores = {} }) =>
        isPerfect(scores) && Object.values(objectiveScores).every(isPerfect),
    );
  return isBeyond ? 'allPerfect' : undefined;
}
