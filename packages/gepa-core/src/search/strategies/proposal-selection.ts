import { gain, type Trial } from './acceptance.ts';

/** By name, or a function (reference: `selection_strategy`): which accepted children go on to the valset. */
export type SelectionStrategy<Name extends string = string> =
  | 'all'
  | 'best'
  | { readonly topK: number }
  | ((accepted: readonly Trial<Name>[]) => readonly Trial<Name>[]);

/** Resolves the strategy. Ties keep the order of the tasks. */
export function proposalSelection<Name extends string>(
  strategy: SelectionStrategy<Name>,
): (accepted: readonly Trial<Name>[]) => readonly Trial<Name>[] {
  if (strategy === 'all') return (accepted) => accepted;
  if (typeof strategy === 'function') return strategy;
  const k = strategy === 'best' ? 1 : strategy.topK;
  return (accepted) => accepted.toSorted((a, b) => gain(b) - gain(a)).slice(0, k);
}

/** The most children one iteration can send to the valset. */
export function mostSelected(strategy: SelectionStrategy, tasks: number): number {
  if (strategy === 'best') return Math.min(1, tasks);
  return typeof strategy === 'object' ? Math.min(strategy.topK, tasks) : tasks;
}
