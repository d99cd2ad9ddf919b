import { messageOf } from './calls/classify-error.ts';
import { nextTurn } from './calls/next-turn.ts';
import { Pace } from './calls/pace.ts';
import { RunSignal } from './calls/run-signal.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { GepaError } from './errors.ts';
import type { EvaluationDescription } from './journal/describe-run.ts';
import { directoryOf } from './journal/directory-of-run.ts';
import type { RunDirectory } from './journal/run-directory.ts';
import type { Settings } from './options/settings.ts';
import { terminalProgress } from './report/terminal-progress.ts';
import type { ExampleRef } from './search/evaluation/examples.ts';
import { readExamples } from './search/evaluation/read-examples.ts';
import { type PreparedRun, prepareRun } from './search/prepare.ts';

/** A run whose directory is open and whose clock runs. */
export interface OpenRun<Example, Output, Trace, Name extends string> {
  readonly prepared: PreparedRun<Example, Output, Trace, Name>;
  readonly dispatcher: Dispatcher<Name>;
  readonly runSignal: RunSignal;
}

/** An evaluation has one set of examples, whose ids without one of their own begin so. */
const EVALUATED_SET = 'example';

/** Opens a run for `work` (its listeners, directory, limits and calls), and closes it however `work` ends. */
export async function withRun<Example, Output, Trace, Name extends string, Result>(
  settings: Settings<Example, Output, Trace, Name>,
  work: (run: OpenRun<Example, Output, Trace, Name>) => Promise<Result>,
  evaluation?: EvaluationDescription,
): Promise<Result> {
  const trainsetName = evaluation === undefined ? undefined : EVALUATED_SET;
  const dispatcher = createDispatcher<Name>(settings.mask.message);
  if (settings.onEvent !== undefined) dispatcher.add(settings.onEvent);
  if (settings.progress) dispatcher.add(terminalProgress());
  for (const warning of settings.adapter.warnings ?? []) dispatcher.warn(warning);
  const runSignal = new RunSignal(settings.signal);
  let directory: RunDirectory | undefined;
  let place: PreparedRun<Example, Output, Trace, Name>['place'] | undefined;
  try {
    const pace = new Pace();
    const { maxDurationMs = Number.POSITIVE_INFINITY } = settings;
    const openedAt = performance.now();
    runSignal.endAfter(maxDurationMs);
    if (settings.runDir !== undefined) {
      directory = await directoryOf(settings, settings.runDir, {
        dispatcher,
        runSignal,
        pace,
        evaluation,
      });
    }
    const { journal } = directory ?? {};
    const examples = await pace.steps(
      runSignal.beforeStart(readExamples(settings, dispatcher.warn, trainsetName)),
    );
    const prepared = prepareRun(settings, dispatcher, { runSignal, journal, pace, examples });
    if (directory !== undefined) {
      const [sets, plainInput] = [setsOf(prepared, trainsetName), plainInputOf(settings)];
      await pace.steps(runSignal.beforeStart(directory.writeExamples({ sets, plainInput })));
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

/** The data sets by the names in the ids of their examples. */
function setsOf<Example, Output, Trace, Name extends string>(
  { search: { trainset, valset }, testset }: PreparedRun<Example, Output, Trace, Name>,
  trainsetName: string | undefined,
): Readonly<Record<string, readonly ExampleRef<Example>[]>> {
  return trainsetName === undefined
    ? { train: trainset, val: valset, test: testset }
    : { [trainsetName]: trainset };
}

/** Inputs as the adapter writes them. */
function plainInputOf<Example, Output, Trace, Name extends string>({
  adapter,
}: Settings<Example, Output, Trace, Name>): (input: unknown) => unknown {
  return (input) => adapter.toPlain?.({ input }).input ?? input;
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

/** Masks what a provider may have repeated in the messages of our own errors; other errors are the caller's objects. */
export function maskMessages(error: Error, mask: (message: string) => string): void {
  error.message = mask(error.message);
  if (GepaError.isInstance(error.cause)) maskMessages(error.cause, mask);
}
