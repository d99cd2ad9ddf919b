import { access } from 'node:fs/promises';
import type { StopCondition } from '../search/strategies/stop-conditions.ts';

/** A stop condition that ends the run after the current iteration if a file exists, for example after `touch stop`. */
export const stopFile =
  (path: string): StopCondition =>
  async () =>
    access(path).then(
      () => 'stopFile',
      () => undefined,
    );
