import type { SearchView } from '../state/search-view.ts';

/** A parent, and the minibatch on which to improve it. */
export interface Task {
  /** Index of the parent. */
  readonly parent: number;
  /** Positions in the trainset. */
  readonly minibatch: readonly number[];
}

/** Plans the tasks of one iteration; they run concurrently. */
export interface ProposalSampler {
  sample(draw: {
    selectParent(): number;
    /** The minibatch of a task; may be one that the parent was run on before. */
    nextMinibatch(parent?: number): readonly number[];
    /** The metric calls that the search may use in all, and how many are left; `Infinity` without a limit. */
    readonly metricCalls: { readonly limit: number; readonly left: number };
    readonly minibatchSize: number;
    readonly search: SearchView;
  }): readonly Task[];
}

/** The number of tasks per iteration, or a sampler (reference: `sampling_strategy`). Default: `'single'`, one task. */
export type SamplingStrategy =
  | 'single'
  /** P parents, drawn independently, with N minibatches each: P×N tasks. `'auto'`: as many as the metric calls allow. */
  | { readonly parents: number | 'auto'; readonly mutations: number }
  | ProposalSampler;

export function proposalSampler(strategy: SamplingStrategy): ProposalSampler {
  if (strategy === 'single') return grid(1, 1);
  return 'parents' in strategy ? grid(strategy.parents, strategy.mutations) : strategy;
}

function grid(parents: number | 'auto', mutations: number): ProposalSampler {
  return {
    sample(draw) {
      const count = parents === 'auto' ? Math.max(1, Math.floor(tasksAtOnce(draw) / mutations)) : parents;
      return times(count, () => {
        const parent = draw.selectParent();
        return times(mutations, () => ({ parent, minibatch: draw.nextMinibatch(parent) }));
      }).flat();
    },
  };
}

/** Proposals of one iteration do not learn from each other: with fewer iterations, a search is clearly worse. */
const ENOUGH_ROUNDS = 25;
export const MOST_AT_ONCE = 8;

/** The tasks per iteration, from the metric calls of the run and the average cost of a proposal so far. */
function tasksAtOnce({
  metricCalls,
  minibatchSize,
  search,
}: Parameters<ProposalSampler['sample']>[0]): number {
  // Before the first test, assume that half of the children are validated.
  const validated = search.candidates.length / (search.childrenTested + 2);
  const perProposal = 2 * minibatchSize + validated * search.pool.part.length;
  const proposals = metricCalls.limit / perProposal;
  return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(proposals / ENOUGH_ROUNDS)));
}

const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);
