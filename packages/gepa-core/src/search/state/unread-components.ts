import type { AnyRollout } from '../../adapter/any.ts';
import { SeedError } from '../../errors.ts';

/**
 * The components that none of the rollouts read: new texts there cannot change their scores. Empty if no rollout
 * succeeded, since failed rollouts may end before they read a text.
 */
export function unreadComponents<Name extends string>(
  names: readonly Name[],
  rollouts: readonly (Pick<AnyRollout, 'unread' | 'error'> | undefined)[],
): Name[] {
  const made = rollouts.filter((rollout) => rollout !== undefined);
  if (made.every(({ error }) => error !== undefined)) return [];
  return names.filter((name) => made.every(({ unread }) => unread?.includes(name) === true));
}

/**
 * The warning about components that no rollout of the seed candidate read, if there are any.
 *
 * @param isPart whether the seed was run on a part of the valset only.
 * @throws {SeedError} when no component was read on the whole valset, so that there is nothing to search.
 */
export function unreadWarning(
  unread: readonly string[],
  names: readonly string[],
  isPart: boolean,
): string | undefined {
  if (unread.length === 0) return undefined;
  if (unread.length === names.length && !isPart) throw unreadError(names);
  return `No rollout of the seed candidate read ${unread.join(', ')}${isPart ? ' so far' : ''}: a new text there changes nothing, so it is left out of the search${isPart ? ' until a rollout reads it' : ''}. ${remedy}`;
}

/** The error for a search in which no rollout reads a component. */
export function unreadError(names: readonly string[]): SeedError {
  return new SeedError(
    `No rollout of the seed candidate read ${names.join(', ')}: a new text there changes nothing, so there is nothing to optimize. ${remedy}`,
  );
}

const remedy =
  'Read the text (`.text`), call the part or offer the tool inside the program, in the same process, when it runs, and do not replace the text; or remove it from `tunables` or `parts`, or `exclude` it.';
