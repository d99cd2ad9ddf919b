import { access } from 'node:fs/promises';
import { checkArgument } from '../check-options.ts';
import { aText } from '../kinds.ts';
import type { StopCondition } from '../search/strategies/stop-conditions.ts';

/**
 * A stop condition that ends the run after the current iteration if a file exists, for example after `touch stop`.
 *
 * @throws {OptionsError} when `path` is not a path.
 */
export function stopFile(path: string): StopCondition {
  checkArgument('The path', path, aText);
  return async () =>
    access(path).then(
      () => 'stopFile',
      () => undefined,
    );
}
