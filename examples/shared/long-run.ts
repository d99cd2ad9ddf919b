import { existsSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { OptimizationResult } from 'gepa-core';
import { interruptible } from 'gepa-core/node';
import { provider } from './endpoint.ts';

/** A run that can be interrupted and resumed. */
export interface LongRun {
  readonly runDir: string;
  /** The file of the report, beside the run directory. */
  readonly report: string;
  readonly signal: AbortSignal;
  /**
   * Saves a finished run and moves its directory to `…-finished`, so that the next call starts a new one. For an interrupted
   * run, prints how to resume it.
   */
  close(result: OptimizationResult, save?: () => void): void;
}

/**
 * Prepares a run directory and Ctrl-C. Each provider has its own directory, so that answers of simulated models are not part
 * of a run on real ones.
 *
 * @param command The command that starts the example.
 */
export function longRun(name: string, command: string): LongRun {
  const runDir = join(import.meta.dirname, '..', '.runs', `${name}-${provider()}`);
  if (existsSync(runDir))
    console.log(`Resuming the run in ${runDir}; delete the directory to start a new run.\n`);
  const report = `${runDir}.html`;
  const interrupt = interruptible(() =>
    console.error('\nEnding the run; press Ctrl-C again to quit at once.'),
  );
  return {
    runDir,
    report,
    signal: interrupt.signal,
    close({ stopReason }, save) {
      interrupt.release();
      if (existsSync(report)) console.log(`\nReport: ${report}, a page for the browser.`);
      if (['aborted', 'providerUnavailable', 'runDirUnwritable'].includes(stopReason)) {
        console.log(`\nThis run was interrupted. \`${command}\` resumes it and pays for nothing twice.`);
      } else {
        save?.();
        if (!existsSync(runDir)) return;
        const finished = `${runDir}-finished`;
        rmSync(finished, { recursive: true, force: true });
        renameSync(runDir, finished);
        const path = relative(join(import.meta.dirname, '..', '..'), finished);
        console.log(`\nRun directory: ${finished}, until the next run ends.
Print it with \`npm run gepa -- show ${path}\`, or serve its report page with \`npm run gepa -- watch ${path}\`.`);
      }
    },
  };
}
