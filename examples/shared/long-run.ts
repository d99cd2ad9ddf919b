import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { OptimizationResult } from 'gepa-core';
import { interruptible } from 'gepa-core/node';
import { provider } from './endpoint.ts';

/** A run that survives: its directory, and Ctrl-C. */
export interface LongRun {
  readonly runDir: string;
  readonly signal: AbortSignal;
  /** Saves a run that came to its end, and then leaves nothing behind. Of one that was broken off it says how to go on. */
  close(result: OptimizationResult, save?: () => void): void;
}

/**
 * What simulated models answered is no part of a run on real ones: each provider has a directory of its own.
 *
 * @param command how the example is started.
 */
export function longRun(name: string, command: string): LongRun {
  const runDir = join(import.meta.dirname, '..', '.runs', `${name}-${provider()}`);
  if (existsSync(runDir)) console.log(`Going on with the run in ${runDir}; delete it to start anew.\n`);
  const interrupt = interruptible(() => console.error('\nEnding the run; Ctrl-C again ends at once.'));
  return {
    runDir,
    signal: interrupt.signal,
    close({ stopReason }, save) {
      interrupt.release();
      if (['aborted', 'providerUnavailable', 'runDirUnwritable'].includes(stopReason)) {
        console.log(`\nThis run was broken off. \`${command}\` goes on with it and pays for nothing twice.`);
      } else {
        save?.();
        rmSync(runDir, { recursive: true, force: true });
      }
    },
  };
}
