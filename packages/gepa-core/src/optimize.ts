import type { Step } from './adapter/trace.ts';
import { totalTime } from './budget/spend.ts';
import { messageOf, sentence } from './calls/classify-error.ts';
import { nextTurn } from './calls/next-turn.ts';
import { RunSignal } from './calls/run-signal.ts';
import { componentNames } from './component.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { GepaError, RunError } from './errors.ts';
import { fingerprintOf, programIdentityOf } from './journal/fingerprint.ts';
import { openRunDirectory, type RunDirectory } from './journal/run-directory.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from './options/options.ts';
import { resolveOptions, type Settings } from './options/settings.ts';
import { terminalProgress } from './report/terminal-progress.ts';
import type { OptimizationResult, TestScores } from './result.ts';
import { runSearch } from './search/loop.ts';
import { type PreparedRun, prepareRun } from './search/prepare.ts';
import { rescoreIfProgramChanged } from './search/rescore.ts';
import { resultOf } from './search/state.ts';
import type { StopReason } from './search/strategies/stop-conditions.ts';
import { scoreTestset } from './search/test-scores.ts';

/**
 * Optimizes the texts of a program with GEPA (arXiv 2507.19457). The program is an `adapter`, or in the short form a
 * `seedCandidate` and a function that runs it. With a `runDir`, the same call resumes a run that was interrupted.
 *
 * @throws {OptionsError} before anything is spent, with every problem of the options.
 * @throws {RunDirectoryError} before anything is spent, when the `runDir` cannot be used.
 * @throws {RunError} when the run cannot go on; its `result` holds what was found so far.
 */
export function optimize<Example, Output, Trace = readonly Step[], Name extends string = string>(
  options: AdapterOptions<Example, Output, Trace, Name>,
): Promise<OptimizationResult<Name>>;
export function optimize<Example, Output, Trace = readonly Step[], Name extends string = string>(
  options: FunctionOptions<Example, Output, Trace, Name>,
): Promise<OptimizationResult<Name>>;
export async function optimize<Example, Output, Trace, Name extends string>(
  options: OptimizeOptions<Example, Output, Trace, Name>,
): Promise<OptimizationResult<Name>> {
  const settings = await resolveOptions(options);
  const dispatcher = createDispatcher<Name>(settings.mask.message);
  if (settings.onEvent !== undefined) dispatcher.add(settings.onEvent);
  if (settings.progress) dispatcher.add(terminalProgress());
  for (const warning of settings.adapter.warnings ?? []) dispatcher.warn(warning);
  const runSignal = new RunSignal(settings.signal);
  let directory: RunDirectory | undefined;
  try {
    directory = openDirectory(settings, dispatcher, runSignal);
    const prepared = prepareRun(settings, dispatcher, runSignal, directory?.journal);
    if (settings.maxDurationMs !== undefined) {
      runSignal.endAfter(settings.maxDurationMs - prepared.stopwatch.elapsedMs);
    }
    return await run(settings, dispatcher, runSignal, prepared);
  } finally {
    runSignal.end();
    // Abandoned calls record their cost before the journal closes.
    if (directory !== undefined) await nextTurn();
    await closeAdapter(settings.adapter, dispatcher.warn);
    directory?.close();
  }
}

function openDirectory<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  { add, note, warn }: Dispatcher<Name>,
  runSignal: RunSignal,
): RunDirectory | undefined {
  if (settings.runDir === undefined) return undefined;
  const directory = openRunDirectory(settings.runDir, {
    fingerprint: fingerprintOf(settings),
    program: programIdentityOf(settings),
    names: componentNames(settings.adapter.components),
    mask: settings.mask,
    maxMetricCalls: settings.maxMetricCalls,
    note,
    warn,
    onFailure: () =>
      runSignal.endBy('runDirUnwritable', new Error('The run directory is no longer writable.')),
  });
  add(directory.listener);
  return directory;
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

/** Search, testset, result. */
async function run<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  dispatcher: Dispatcher<Name>,
  runSignal: RunSignal,
  prepared: PreparedRun<Example, Output, Trace, Name>,
): Promise<OptimizationResult<Name>> {
  const { search, calls } = prepared;
  try {
    let reason = await runSearch(search);
    if (reason === 'aborted') reason = runSignal.endedBy ?? reason;
    const repeat = await rescoreIfProgramChanged(search, calls, dispatcher.warn);
    calls.budget.releaseTestset();
    const { test, stoppedBy } = await scoreHeldOut(prepared, repeat, runSignal, dispatcher.warn);
    if (calls.outage.final !== undefined) {
      dispatcher.warn(outageWarning(calls.outage.final.error, settings.runDir));
    }
    dispatchFinished(prepared, dispatcher, stoppedBy ?? reason, test);
    return resultOf(search.state);
  } catch (error) {
    runSignal.end();
    // Abandoned calls report what they took.
    await nextTurn();
    const failure = RunError.isInstance(error)
      ? error
      : new RunError(`The run failed: ${messageOf(error)}`, { cause: error });
    maskMessages(failure, settings.mask.message);
    dispatchFinished(prepared, dispatcher, 'error', undefined);
    if (search.state.candidates.some(({ coverage }) => coverage > 0)) failure.result = resultOf(search.state);
    throw failure;
  }
}

/** Masks what a provider may have repeated in the messages of our own errors; other errors are the caller's objects. */
function maskMessages(error: Error, mask: (message: string) => string): void {
  error.message = mask(error.message);
  if (GepaError.isInstance(error.cause)) maskMessages(error.cause, mask);
}

/** The scores on the testset, or a warning why there are none, with what ended the run meanwhile. */
async function scoreHeldOut<Example, Output, Trace, Name extends string>(
  { search, testset }: PreparedRun<Example, Output, Trace, Name>,
  repeat: string | undefined,
  runSignal: RunSignal,
  warn: (message: string) => void,
): Promise<{ test?: TestScores; stoppedBy?: StopReason }> {
  if (testset.length === 0) return {};
  const { state, evaluator } = search;
  const [seed, best] = [state.candidates[0]!, state.candidates[state.bestIndex]!];
  const { iteration } = state;
  const test = await scoreTestset({ evaluator, testset, iteration, seed, best, repeat, warn });
  if (!('interruption' in test)) return { test };
  const { reason: interrupted, error } = test.interruption;
  const reason = interrupted === 'aborted' ? (runSignal.endedBy ?? interrupted) : interrupted;
  warn(`The testset was not scored: ${error === undefined ? `${reason}.` : sentence(error)}`);
  return reason === 'maxMetricCalls' || reason === 'unavailable' ? {} : { stoppedBy: reason };
}

function dispatchFinished<Example, Output, Trace, Name extends string>(
  { search, calls, stopwatch }: PreparedRun<Example, Output, Trace, Name>,
  dispatcher: Dispatcher<Name>,
  stopReason: StopReason,
  test: TestScores | undefined,
): void {
  const { state, evaluator, dispatch } = search;
  const { journal, spend, budget } = calls;
  journal?.skip();
  for (const warning of budget.warnings) dispatcher.warn(warning);
  const time = stopwatch.spent;
  journal?.mark({ type: 'ended', reason: stopReason });
  dispatch({
    type: 'run_finished',
    stopReason,
    bestIndex: state.bestIndex,
    metricCalls: spend.metricCalls,
    metricCallsSaved: evaluator.metricCallsSaved,
    cacheHits: evaluator.cacheHits,
    retries: spend.retries,
    usage: spend.usage,
    spend: spend.byPhase,
    durationMs: totalTime(time),
    time,
    warnings: [...dispatcher.warnings],
    ...(test === undefined ? {} : { test }),
  });
}

function outageWarning(error: unknown, runDir: string | undefined): string {
  const next =
    runDir === undefined
      ? 'With a `runDir`, such a run can be resumed.'
      : 'Repeat the same call to resume once the provider is back.';
  return `The provider became unavailable: ${sentence(error)} ${next}`;
}
