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
  }): readonly Task[];
}

/** The number of tasks per iteration, or a sampler (reference: `sampling_strategy`). Default: `'single'`, one task. */
export type SamplingStrategy =
  | 'single'
  /** P parents with N minibatches each: P×N tasks. */
  | { readonly parents: number; readonly mutations: number }
  /** N parents, drawn independently, with one minibatch each: N tasks. */
  | { readonly independent: number }
  /** One parent with N minibatches: N tasks. */
  | { readonly sameParent: number }
  | ProposalSampler;

export function proposalSampler(strategy: SamplingStrategy): ProposalSampler {
  if (strategy === 'single') return grid(1, 1);
  if ('parents' in strategy) return grid(strategy.parents, strategy.mutations);
  if ('independent' in strategy) return grid(strategy.independent, 1);
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

const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);
