import type { SearchView } from '../state/search-view.ts';

/** A parent and the minibatch on which to improve it. */
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
    /** The metric calls of the run that the search may use, and what is left of them; `Infinity` without a limit. */
    readonly metricCalls: { readonly limit: number; readonly left: number };
    readonly minibatchSize: number;
    readonly search: SearchView;
  }): readonly Task[];
}

/** The number of tasks per iteration, or a sampler (reference: `sampling_strategy`). Default: `'single'`, one task. */
export type SamplingStrategy =
  | 'single'
  /** P parents with N minibatches each: P×N tasks. */
  | { readonly parents: number; readonly mutations: number }
  /** N parents, drawn independently, with one minibatch each: N tasks. `'auto'`: as many as the metric calls allow. */
  | { readonly independent: number | 'auto' }
  /** One parent with N minibatches: N tasks. */
  | { readonly sameParent: number }
  | ProposalSampler;

export function proposalSampler(strategy: SamplingStrategy): ProposalSampler {
  if (strategy === 'single') return grid(1, 1);
  if ('parents' in strategy) return grid(strategy.parents, strategy.mutations);
  if ('independent' in strategy) {
    const { independent } = strategy;
    return independent === 'auto'
      ? { sample: (draw) => grid(tasksAtOnce(draw), 1).sample(draw) }
      : grid(independent, 1);
  }
  if ('sameParent' in strategy) return grid(1, strategy.sameParent);
  return strategy;
}

function grid(parents: number, mutations: number): ProposalSampler {
  return {
    sample: ({ selectParent, nextMinibatch }) =>
      times(parents, () => {
        const parent = selectParent();
        return times(mutations, () => ({ parent, minibatch: nextMinibatch(parent) }));
      }).flat(),
  };
}

/** Proposals of one round do not learn from each other: with fewer rounds a search is clearly worse. */
const ENOUGH_ROUNDS = 25;
export const MOST_AT_ONCE = 8;

/** By the metric calls of the whole run, and what a proposal has taken so far. */
function tasksAtOnce({
  metricCalls,
  minibatchSize,
  search,
}: Parameters<ProposalSampler['sample']>[0]): number {
  // Half of the children before any was tested.
  const validated = search.candidates.length / (search.childrenTested + 2);
  const perProposal = 2 * minibatchSize + validated * search.pool.part.length;
  const proposals = metricCalls.limit / perProposal;
  return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(proposals / ENOUGH_ROUNDS)));
}

const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);
