/** A parent and the minibatch it is to be improved on. */
export interface Task {
  readonly parent: number;
  /** Positions in the trainset. */
  readonly minibatch: readonly number[];
}

/** Plans the tasks of one iteration; they run concurrently. */
export interface ProposalSampler {
  sample(draw: { selectParent(): number; nextMinibatch(): readonly number[] }): readonly Task[];
}

/** By shape, or an object (reference: `sampling_strategy`). Default: one task. */
export type SamplingStrategy =
  | 'single'
  /** P parents, N minibatches each: P×N tasks. */
  | { readonly parents: number; readonly mutations: number }
  /** n parents, drawn independently, with one minibatch each. */
  | { readonly independent: number }
  /** One parent with n minibatches. */
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
        return times(mutations, () => ({ parent, minibatch: nextMinibatch() }));
      }).flat(),
  };
}

const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);
