import { componentNames } from '../component.ts';
import { describeRun, type EvaluationDescription } from '../journal/describe-run.ts';
import { fingerprintOf, programIdentityOf } from '../journal/fingerprint.ts';
import { openRunDirectory, type RunDirectory } from '../journal/run-directory.ts';
import type { Settings } from '../options/settings.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { RunSignal } from './run-signal.ts';

/** Opens the directory of a run, which then receives its events. A journal that cannot be written ends the run. */
export async function directoryOf<Name extends string>(
  settings: Settings<Name>,
  path: string,
  {
    dispatcher: { add, note, warn },
    runSignal,
    evaluation,
  }: {
    readonly dispatcher: Dispatcher<Name>;
    readonly runSignal: RunSignal;
    readonly evaluation: EvaluationDescription | undefined;
  },
): Promise<RunDirectory> {
  const directory = openRunDirectory(path, {
    fingerprint: await fingerprintOf(settings, runSignal.pauseBeforeStart),
    program: programIdentityOf(settings),
    about: describeRun(settings),
    names: componentNames(settings.adapter.components),
    mask: settings.mask,
    maxMetricCalls: settings.maxMetricCalls,
    evaluation,
    note,
    warn,
    onFailure: () =>
      runSignal.endBy('runDirUnwritable', new Error('The run directory is no longer writable.')),
  });
  add(directory.listener);
  return directory;
}
