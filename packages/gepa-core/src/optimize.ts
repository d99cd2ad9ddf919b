import type { Step } from './adapter/trace.ts';
import { totalTime } from './budget/spend.ts';
import { nextTurn } from './calls/next-turn.ts';
import { RunError } from './errors.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from './options/options.ts';
import { resolveOptions, type Settings } from './options/settings.ts';
import { copyWarning } from './reflection/answer/text-limits.ts';
import { lengthsOf, resultOf } from './report/result-of.ts';
import { describeStopReason } from './report/stop-reason.ts';
import { checkAskedReport, writeAskedReport } from './report-file/asked-report.ts';
import type { BudgetHeld, OptimizationResult, TestScores } from './result.ts';
import type { Dispatcher } from './run/dispatcher.ts';
import type { PreparedRun } from './run/prepare.ts';
import type { RunSignal } from './run/run-signal.ts';
import { maskMessages, type OpenRun, withRun } from './run/with-run.ts';
import { callsForProposal } from './search/call-costs.ts';
import { runSearch } from './search/loop.ts';
import { rescoreIfProgramChanged } from './search/rescore.ts';
import type { SearchContext } from './search/search-context.ts';
import type { StopReason } from './search/strategies/stop-reason.ts';
import { scoreTestset } from './search/test-scores.ts';
import { isBelow } from './statistics/compare.ts';
import { messageOf, sentence } from './text/error-message.ts';
import { countOf, formatGain, formatScore } from './text/format.ts';

/**
 * Optimizes the texts of a program with GEPA (arXiv 2507.19457). The program is an `adapter`, or in the short form a
 * `seedCandidate` and a function that runs it. With a `runDir`, the same call resumes a run that was interrupted.
 *
 * @throws {OptionsError} before anything is spent, with every problem of the options.
 * @throws {RunDirectoryError} before anything is spent, when the `runDir` cannot be used.
 * @throws {FileAccessError} before anything is spent, when the `report` cannot be written.
 * @throws {RunError} when the run cannot go on; its `result` has what was found so far.
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
  await checkAskedReport(settings);
  return withRun(settings, (run) => searchAndTest(settings, run));
}

/** Runs the search, scores the testset and returns the result. */
async function searchAndTest<Name extends string>(
  settings: Settings<Name>,
  { prepared, dispatcher, runSignal }: OpenRun<Name>,
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
    await warnOfCopies(prepared, dispatcher.warn);
    const usesSeed = test !== undefined && regressed(test) && settings.onRegression === 'useSeed';
    if (test !== undefined && regressed(test)) dispatcher.warn(regressionWarning(test, usesSeed));
    const stopReason = stoppedBy ?? reason;
    if (search.state.candidates[0]?.coverage === 0) dispatcher.warn(unscoredWarning(stopReason));
    dispatchFinished(prepared, dispatcher, stopReason, test, usesSeed);
    const result = resultOf(search.state, dispatcher.warnings);
    await writeAskedReport(settings, result, dispatcher.warn);
    return result;
  } catch (error) {
    runSignal.end();
    // Let abandoned calls report their usage.
    await nextTurn();
    const failure = RunError.isInstance(error)
      ? error
      : new RunError(`The run failed: ${messageOf(error)}`, { cause: error });
    maskMessages(failure, settings.mask.message);
    dispatchFinished(prepared, dispatcher, 'error', undefined, false);
    if (search.state.candidates.some(({ coverage }) => coverage > 0)) {
      failure.result = resultOf(search.state, dispatcher.warnings);
      await writeAskedReport(settings, failure.result, dispatcher.warn);
    }
    throw failure;
  }
}

/** Scores the testset, or warns why it could not be scored. `stoppedBy`: what ended the run meanwhile. */
async function scoreHeldOut<Name extends string>(
  { search, testset }: PreparedRun<Name>,
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
  return { stoppedBy: reason === 'maxMetricCalls' || reason === 'unavailable' ? undefined : reason };
}

/**
 * Whether the best candidate is worse on the testset. The mean decides, significant or not: no candidate was selected by it,
 * and without a gain the program in production should stay as it is.
 */
const regressed = ({ gain, size }: TestScores): boolean => size > 0 && isBelow({ difference: gain }, 0);

function regressionWarning(test: TestScores, usesSeed: boolean) {
  const { candidate, gain, interval, seedScore, bestScore, size } = test;
  const [low, high] = interval.map(formatGain);
  return [
    `Candidate ${candidate}, the best on the valset, is worse than the seed on the testset: ${formatScore(seedScore)} → ${formatScore(bestScore)} (${formatGain(gain)}, 95% interval ${low} to ${high}) on ${countOf(size, 'example')}${interval[1] < 0 ? '' : ', which may be chance'}.`,
    usesSeed
      ? `The seed is kept: \`bestCandidate\`, \`compiled.program\` and what \`save\` writes have its texts. Set \`onRegression: 'keepBest'\` for those of candidate ${candidate}.`
      : "It is kept, as `onRegression: 'keepBest'` says.",
  ].join(' ');
}

/** Warns when the best candidate copies training examples. The seed, the caller's own text, may. */
async function warnOfCopies<Name extends string>(
  { search: { state }, findCopies }: PreparedRun<Name>,
  warn: (message: string) => void,
): Promise<void> {
  const { bestIndex, candidates } = state;
  const warning = bestIndex === 0 ? undefined : await copyWarning(candidates[bestIndex]!.texts, findCopies);
  if (warning !== undefined) warn(warning);
}

function dispatchFinished<Name extends string>(
  { search, calls }: PreparedRun<Name>,
  dispatcher: Dispatcher<Name>,
  stopReason: StopReason,
  test: TestScores | undefined,
  usesSeed: boolean,
): void {
  const { state, evaluator, dispatch } = search;
  const { journal, spend, budget, stopwatch } = calls;
  journal?.skip();
  for (const warning of budget.warnings(stopReason, spend.usage)) dispatcher.warn(warning);
  const time = stopwatch.spent;
  journal?.mark({ type: 'ended', reason: stopReason });
  dispatch({
    type: 'run_finished',
    stopReason,
    bestIndex: usesSeed ? 0 : state.bestIndex,
    metricCalls: spend.metricCalls,
    metricCallsSaved: evaluator.metricCallsSaved,
    cacheHits: evaluator.cacheHits,
    retries: spend.retries,
    usage: spend.usage,
    spend: spend.byPhase,
    durationMs: totalTime(time),
    time,
    warnings: [...dispatcher.warnings],
    lengths: lengthsOf(state, usesSeed ? 0 : state.bestIndex),
    budgetHeld: stopReason === 'maxMetricCalls' ? budgetHeldBy(search) : undefined,
    test,
  });
}

function budgetHeldBy<Name extends string>(search: SearchContext<Name>): BudgetHeld {
  const { limit, testset } = search.limits.metricCalls();
  return { left: limit + testset - search.spend.metricCalls, needed: callsForProposal(search) };
}

const unscoredWarning = (stopReason: StopReason): string =>
  `The run ended before a rollout was scored: ${describeStopReason(stopReason)}. No candidate has a score; \`seedScore\` and \`bestScore\` are 0 only because there is none.`;

function outageWarning(error: unknown, runDir: string | undefined): string {
  const next =
    runDir === undefined
      ? 'With a `runDir`, such a run can be resumed.'
      : 'Repeat the same call to resume once the provider is back.';
  return `The provider became unavailable: ${sentence(error)} ${next}`;
}
