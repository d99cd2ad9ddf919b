import type { Random } from '../random.ts';
import type { SearchView, Survivor } from '../search-view.ts';

/** Picks the parent of the next proposal. */
export interface CandidateSelector {
  select(search: SearchView, random: Random): number;
}

/** The selectors known by name (reference: `candidate_selection_strategy`). */
export type CandidateSelectionStrategy =
  | 'pareto'
  | 'current_best'
  | 'epsilon_greedy'
  | 'top_k_pareto'
  | CandidateSelector;

/** Draws from the front, each survivor as often as it has keys (paper, algorithm 2). The default. */
export function pareto(): CandidateSelector {
  return { select: (search, random) => drawByKeys(search.survivors(), random) ?? search.bestIndex };
}

/** Always the best on the valset. */
export function currentBest(): CandidateSelector {
  return { select: (search) => search.bestIndex };
}

/** The best, but with probability `epsilon` any candidate. */
export function epsilonGreedy(epsilon = 0.1): CandidateSelector {
  return {
    select: (search, random) =>
      random.random() < epsilon ? random.randint(0, search.candidates.length - 1) : search.bestIndex,
  };
}

/** Like `pareto`, on the front of the k candidates with the highest means. */
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

/** The same draw as a choice from a list that repeats each survivor once per key. */
function drawByKeys(survivors: readonly Survivor[], random: Random): number | undefined {
  const total = survivors.reduce((sum, { keys }) => sum + keys, 0);
  if (total === 0) return undefined;
  const ticket = random.randbelow(total);
  let last = 0;
  return survivors.find(({ keys }) => {
    last += keys;
    return ticket < last;
  })!.candidate;
}
