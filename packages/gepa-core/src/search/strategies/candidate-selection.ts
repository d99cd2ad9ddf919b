import type { Random } from '../../statistics/random.ts';
import type { SearchView, Survivor } from '../state/search-view.ts';

/** Selects the parent of the next proposal. */
export interface CandidateSelector {
  /**
   * Returns the index of a candidate of the pool, or `undefined` when no candidate is left to improve, which ends the search
   * with `trainsetExhausted`.
   */
  select(search: SearchView, random: Random): number | undefined;
}

/** A candidate selector, or the name of one (reference: `candidate_selection_strategy`). */
export type CandidateSelectionStrategy =
  | 'leader_or_pareto'
  | 'pareto'
  | 'current_best'
  | 'epsilon_greedy'
  | 'top_k_pareto'
  | CandidateSelector;

/**
 * Draws a candidate on the Pareto frontier with a probability proportional to the number of its keys (paper,
 * algorithm 2).
 */
export function pareto(): CandidateSelector {
  return { select: (search, random) => drawByKeys(search.survivors(), random) ?? search.bestIndex };
}

/** Selects the best candidate on the valset. */
export function currentBest(): CandidateSelector {
  return { select: (search) => search.bestIndex };
}

/** Selects the best candidate, or with probability `epsilon` any candidate of the pool. */
export function epsilonGreedy(epsilon = 0.1): CandidateSelector {
  return {
    select: ({ pool, bestIndex }, random) =>
      random.random() < epsilon ? random.choice(pool.candidates) : bestIndex,
  };
}

/** Like `pareto`, on the frontier of the k candidates with the highest mean scores. */
export function topKPareto(k = 5): CandidateSelector {
  return {
    select(search, random) {
      const top = search.pool.candidates
        .toSorted((a, b) => search.partMean(b) - search.partMean(a))
        .slice(0, k);
      return drawByKeys(search.survivors(top), random) ?? search.bestIndex;
    },
  };
}

/** Draws a survivor, with a probability proportional to its number of keys. */
export function drawByKeys(survivors: readonly Survivor[], random: Random): number | undefined {
  const total = survivors.reduce((sum, { keys }) => sum + keys, 0);
  if (total === 0) return undefined;
  const drawn = random.randbelow(total);
  let end = 0;
  return survivors.find(({ keys }) => {
    end += keys;
    return drawn < end;
  })!.candidate;
}
