import { gain, type Trial } from './acceptance.ts';

/** Selects which accepted children are scored on the valset: a name, or a function (reference: `selection_strategy`). */
export type SelectionStrategy<Name extends string = string> =
  | 'all'
  | 'best'
  | { readonly topK: number }
  | ((accepted: readonly Trial<Name>[]) => readonly Trial<Name>[]);

/** The function for a strategy. Children with equal gains keep the order of their tasks. */
export function proposalSelection<Name extends string>(
  strategy: SelectionStrategy<Name>,
): (accepted: readonly Trial<Name>[]) => readonly Trial<Name>[] {
  if (strategy === 'all') return (accepted) => accepted;
  if (typeof strategy === 'function') return strategy;
  const k = strategy === 'best' ? 1 : strategy.topK;
  return (accepted) => accepted.toSorted((a, b) => gain(b) - gain(a)).slice(0, k);
}

/** The maximum number of children that `strategy` selects from `tasks` accepted ones. */
export function mostSelected(strategy: SelectionStrategy, tasks: number): number {
  if (strategy === 'best') return Math.min(1, tasks);
  return typeof strategy === 'object' ? Math.min(strategy.topK, tasks) : tasks;
}
