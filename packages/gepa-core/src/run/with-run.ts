import { plainParts } from '../adapter/execution.ts';
import { nextTurn } from '../calls/next-turn.ts';
import { GepaError } from '../errors.ts';
import type { EvaluationDescription } from '../journal/describe-run.ts';
import type { Journal } from '../journal/journal.ts';
import type { RunDirectory } from '../journal/run-directory.ts';
import type { Settings } from '../options/settings.ts';
import { terminalProgress } from '../report/terminal-progress.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import { messageOf } from '../text/error-message.ts';
import { directoryOf } from './directory-of-run.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { type PreparedRun, prepareRun } from './prepare.ts';
import { readExamples } from './read-examples.ts';
import { RunSignal } from './run-signal.ts';

/** A run that has started: its directory is open and its time counts. */
export interface OpenRun<Name extends string> {
  readonly prepared: PreparedRun<Name>;
  readonly dispatcher: Dispatcher<Name>;
  readonly runSignal: RunSignal;
}

/** The name of an evaluation's only set of examples, for examples without an id: `example:0`. */
const EVALUATED_SET = 'example';

/** Opens a run for `work` (its listeners, directory, limits and calls), and closes it however `work` ends. */
export async function withRun<Name extends string, Result>(
  settings: Settings<Name>,
  work: (run: OpenRun<Name>) => Promise<Result>,
  evaluation?: EvaluationDescription,
): Promise<Result> {
  const trainsetName = evaluation === undefined ? undefined : EVALUATED_SET;
  const dispatcher = createDispatcher<Name>(settings.mask.message);
  const { onEvent } = settings;
  // A copy: a listener that changes it would change the search.
  if (onEvent !== undefined) dispatcher.add((event) => onEvent(structuredClone(event)));
  if (settings.progress) dispatcher.add(terminalProgress());
  for (const warning of settings.adapter.warnings ?? []) dispatcher.warn(warning);
  const runSignal = new RunSignal(settings.signal);
  let directory: RunDirectory | undefined;
  let place: PreparedRun<Name>['place'] | undefined;
  try {
    const { maxDurationMs = Number.POSITIVE_INFINITY } = settings;
    const openedAt = performance.now();
    runSignal.endAfter(maxDurationMs);
    if (settings.runDir !== undefined) {
      directory = await directoryOf(settings, settings.runDir, {
        dispatcher,
        runSignal,
        evaluation,
      });
    }
    const { journal } = directory ?? {};
    if (journal !== undefined && namesModels(journal)) await settings.prices.load();
    const pause = runSignal.pauseBeforeStart;
    const examples = await readExamples(settings, dispatcher.warn, pause, trainsetName);
    const prepared = prepareRun(settings, dispatcher, { runSignal, journal, examples });
    if (directory !== undefined) {
      const [sets, plainInput] = [setsOf(prepared, trainsetName), plainInputOf(settings)];
      await directory.writeExamples({ sets, plainInput, pause });
    }
    const { elapsedMs } = prepared.calls.stopwatch;
    runSignal.endAfter(maxDurationMs - elapsedMs - (performance.now() - openedAt));
    place = prepared.place;
    await place.open();
    return await work({ prepared, dispatcher, runSignal });
  } finally {
    runSignal.end();
    // Abandoned calls record their cost before the journal closes.
    if (directory !== undefined) await nextTurn();
    await place?.close();
    await closeAdapter(settings.adapter, dispatcher.warn);
    directory?.close();
  }
}

/** Whether the calls of earlier sessions have a cost to look up. */
function namesModels(journal: Journal): boolean {
  for (const { usage, judgeUsage } of journal.entries()) {
    if (usage?.byModel !== undefined || judgeUsage?.byModel !== undefined) return true;
  }
  return false;
}

/** The data sets, by the names that the ids of their examples begin with. */
function setsOf<Name extends string>(
  { search: { trainset, valset }, testset }: PreparedRun<Name>,
  trainsetName: string | undefined,
): Readonly<Record<string, readonly ExampleRef[]>> {
  return trainsetName === undefined
    ? { train: trainset, val: valset, test: testset }
    : { [trainsetName]: trainset };
}

/** Converts inputs to plain data as the adapter does. */
function plainInputOf<Name extends string>({ adapter }: Settings<Name>): (input: unknown) => unknown {
  return (input) => plainParts(adapter, { input }).input ?? input;
}

/** A failure to close does not lose the result. */
async function closeAdapter(
  adapter: { close?(): Promise<void> },
  warn: (message: string) => void,
): Promise<void> {
  try {
    await adapter.close?.();
  } catch (error) {
    warn(`Closing the adapter failed: ${messageOf(error)}`);
  }
}

/** Masks the messages of this package's errors, which may repeat texts of a provider. Other errors stay unchanged. */
export function maskMessages(error: Error, mask: (message: string) => string): void {
  error.message = mask(error.message);
  if (GepaError.isInstance(error.cause)) maskMessages(error.cause, mask);
}
