import type { Rollout } from '../../adapter/adapter.ts';
import type { Candidate } from '../../component.ts';

/** The arguments of a component selector. */
export interface ComponentSelection<Name extends string = string> {
  /** The names of all components. */
  readonly components: readonly Name[];
  /** Index of the parent. */
  readonly parent: number;
  /** The parent's texts. */
  readonly candidate: Candidate<Name>;
  readonly iteration: number;
  /** The parent's rollouts on the minibatch. */
  readonly rollouts: readonly Rollout<unknown, unknown, unknown>[];
}

/** Selects the components that a proposal rewrites. */
export interface ComponentSelector<Name extends string = string> {
  /** Called once for each task in order, except for tasks that are skipped. */
  select(selection: ComponentSelection<Name>): readonly Name[];
  /** Called for every new candidate with parents. */
  candidateAdded?(index: number, parents: readonly number[]): void;
}

/** A component selector, its `select` function, or the name of one (reference: `module_selector`). */
export type ComponentSelectorOption<Name extends string = string> =
  | 'round_robin'
  | 'all'
  | ((selection: ComponentSelection<Name>) => readonly Name[])
  | ComponentSelector<Name>;

/**
 * Selects the components one by one in turn, as in the reference. Each candidate has its own position in this order, which
 * also advances when the child is rejected. A child starts at the greatest position of its parents.
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

/** Selects all components for every proposal. */
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
