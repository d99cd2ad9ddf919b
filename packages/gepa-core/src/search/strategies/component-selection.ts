import type { Rollout } from '../../adapter/adapter.ts';
import type { Candidate } from '../../component.ts';

/** What a component selector decides on: the parent and how it did on the minibatch. */
export interface ComponentSelection<Name extends string = string> {
  readonly components: readonly Name[];
  readonly parent: number;
  readonly candidate: Candidate<Name>;
  readonly iteration: number;
  readonly rollouts: readonly Rollout<unknown, unknown, unknown>[];
}

/** Picks the components one proposal rewrites. Called in the order of tasks, never for a skipped one. */
export interface ComponentSelector<Name extends string = string> {
  select(selection: ComponentSelection<Name>): readonly Name[];
  /** Told of every new candidate, the seed excepted. */
  candidateAdded?(index: number, parents: readonly number[]): void;
}

/** By name, or a function (reference: `module_selector`). */
export type ComponentSelectorOption<Name extends string = string> =
  | 'round_robin'
  | 'all'
  | ((selection: ComponentSelection<Name>) => readonly Name[])
  | ComponentSelector<Name>;

/**
 * One component at a time, in turn (the default). Each candidate has a cursor of its own, which advances whether or
 * not the child is accepted; a child starts at the furthest cursor of its parents.
 */
export function roundRobin<Name extends string>(): ComponentSelector<Name> {
  const cursors = new Map<number, number>();
  const cursorOf = (index: number) => cursors.get(index) ?? 0;
  return {
    select({ components, parent }) {
      const cursor = cursorOf(parent);
      cursors.set(parent, (cursor + 1) % components.length);
      return [components[cursor]!];
    },
    candidateAdded(index, parents) {
      cursors.set(index, Math.max(...parents.map(cursorOf)));
    },
  };
}

/** Every component in every proposal. */
export function allComponents<Name extends string>(): ComponentSelector<Name> {
  return { select: ({ components }) => components };
}

export function componentSelector<Name extends string>(
  option: ComponentSelectorOption<Name>,
): ComponentSelector<Name> {
  if (option === 'round_robin') return roundRobin();
  if (option === 'all') return allComponents();
  return typeof option === 'function' ? { select: option } : option;
}
