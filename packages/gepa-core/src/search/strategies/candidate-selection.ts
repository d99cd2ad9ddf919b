import type { Random } from '../random.ts';
import type { SearchView, Survivor } from '../search-view.ts';

/** Selects the parent of the next proposal. */
export interface CandidateSelector {
  /** Returns the index of a candidate. */
  select(search: SearchView, random: Random): number;
}

/** A candidate selector, or the name of one (reference: `candidate_selection_strategy`). */
export type CandidateSelectionStrategy =
  | 'pareto'
  | 'current_best'
  | 'epsilon_greedy'
  | 'top_k_pareto'
  | CandidateSelector;

/**
 * Draws a candidate on the Pareto frontier with a probability proportional to the number of its keys (paper,
 * algorithm 2). The default.
 */
export function pareto(): CandidateSelector {
  return { select: (search, random) => drawByKeys(search.survivors(), random) ?? search.bestIndex };
}

/** Selects the best candidate on the valset. */
export function currentBest(): CandidateSelector {
  return { select: (search) => search.bestIndex };
}

/** Selects the best candidate, or with probability `epsilon` any candidate. */
export function epsilonGreedy(epsilon = 0.1): CandidateSelector {
  return {
    select: (search, random) =>
      random.random() < epsilon ? random.randint(0, search.candidates.length - 1) : search.bestIndex,
  };
}

/** Like `pareto`, on the frontier of the k candidates with the highest mean scores. */
export function topKPareto(k = 5): CandidateSelector {
  return {
    select(search, random) {
      const top = search.candidates
        .toSorted((a, b) => b.mean - a.mean)
        .slice(0, k)
        .map(({ index }) => index);
      return drawByKeys(search.survivors(top), random) ?? search.bestIndex;
    },
  };
}

export function candidateSelector(strategy: CandidateSelectionStrategy): CandidateSelector {
  switch (strategy) {
    case 'pareto':
      return pareto();
    case 'current_best':
      return currentBest();
    case 'epsilon_greedy':
      return epsilonGreedy();
    case 'top_k_pareto':
      return topKPareto();
    default:
      return strategy;
  }
}

/** Equivalent to a random choice from a list that contains each survivor once per key. */
function drawByKeys(survivors: readonly Survivor[], random: Random): number | undefined {
  const total = survivors.reduce((sum, { keys }) => sum + keys, 0);
  if (total === 0) return undefined;
  const drawn = random.randbelow(total);
  let end = 0;
  return survivors.find(({ keys }) => {
    end += keys;
    return drawn < end;
  })!.candidate;
}
