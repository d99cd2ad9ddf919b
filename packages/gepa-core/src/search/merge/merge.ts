import { total } from '../../statistics/mean.ts';
import { callsForSearch, costOfValidation } from '../call-costs.ts';
import { type IterationOutcome, stopsRun } from '../outcomes.ts';
import type { SearchContext } from '../search-context.ts';
import { updateFrontier, validate } from '../validate.ts';
import { combine } from './combine.ts';

/** Tries to merge two lineages. `undefined`: there is no pair, and the iteration can be used for a mutation. */
export async function merge<Name extends string>(
  search: SearchContext<Name>,
): Promise<IterationOutcome | undefined> {
  const { settings, merger, state, valset, evaluator, dispatch } = search;
  if (merger === undefined || state.mergesAccepted >= settings.maxMergeInvocations) return undefined;
  // In the reference, no reflection merges candidates that cannot be crossed.
  const combines = settings.search !== 'reference';
  const proposal = merger.propose(state) ?? (combines ? await combine(search) : undefined);
  if (proposal === undefined || 'kind' in proposal) return proposal;

  const { parents, ancestor, texts, subsample } = proposal;
  const examples = subsample.map((position) => valset[position]!);
  if (costOfValidation(search, examples) > callsForSearch(search)) return undefined;
  const { iteration } = state;
  const number = state.proposalNumber();
  const { rollouts, interruption } = await evaluator.evaluate(texts, examples, {
    iteration,
    phase: 'merge',
    candidateIndex: undefined,
    proposal: number,
  });
  if (interruption !== undefined) {
    const reason = stopsRun(interruption);
    return reason === undefined
      ? { kind: 'failed', reason: 'unavailable', error: interruption.error }
      : { kind: 'stopped', reason };
  }

  const scores = rollouts.map((rollout) => rollout!.score);
  const scoresOf = (parent: number) =>
    subsample.map((position) => state.candidates[parent]!.scores[position]!);
  const parentScores = [scoresOf(parents[0]), scoresOf(parents[1])] as const;
  const accepted = total(scores) >= Math.max(...parentScores.map(total));
  dispatch({
    type: 'merge_evaluated',
    iteration,
    proposal: number,
    parents,
    ...(ancestor === undefined ? {} : { ancestor }),
    texts,
    subsample,
    scores,
    parentScores,
    accepted,
  });
  if (!accepted) return { kind: 'tried', accepted: 0 };

  const validation = await validate(search, texts, state.candidates.length);
  updateFrontier(search, { texts, parents, source: 'merge', proposal: number }, validation);
  const reason = stopsRun(validation.interruption);
  return reason === undefined ? { kind: 'tried', accepted: 1 } : { kind: 'stopped', reason };
}
