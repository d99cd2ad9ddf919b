import type { AnyRollout } from '../../adapter/any.ts';
import { SeedError } from '../../errors.ts';

/**
 * The components that no rollout of the seed candidate read: new texts there cannot change a score. Empty if no rollout
 * succeeded, since failed rollouts may end before they read a text.
 */
export function unreadComponents<Name extends string>(
  names: readonly Name[],
  rollouts: readonly Pick<AnyRollout, 'unread' | 'error'>[],
): Name[] {
  if (rollouts.every(({ error }) => error !== undefined)) return [];
  return names.filter((name) => rollouts.every(({ unread }) => unread?.includes(name) === true));
}

/**
 * The warning about unread components, if there are any.
 *
 * @throws {SeedError} when no component was read, so that there is nothing to search.
 */
export function unreadWarning(unread: readonly string[], names: readonly string[]): string | undefined {
  if (unread.length === 0) return undefined;
  const isAll = unread.length === names.length;
  const message =
    `No rollout of the seed candidate read ${unread.join(', ')}: a new text there changes nothing, ` +
    `so ${isAll ? 'there is nothing to optimize' : 'it is left out of the search'}. ` +
    'Read the text (`.text`) or call the part inside the program, in the same process, when it runs; or remove it from `tunables` or `parts`.';
  if (isAll) throw new SeedError(message);
  return message;
}
