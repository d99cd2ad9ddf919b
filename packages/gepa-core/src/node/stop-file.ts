import { access } from 'node:fs/promises';
import type { StopCondition } from '../search/strategies/stop-conditions.ts';

/** When a file exists: `touch stop` ends the run after the current iteration. */
export const stopFile =
  (path: string): StopCondition =>
  async () =>
    access(path).then(
      () => 'stopFile',
      () => undefined,
    );
