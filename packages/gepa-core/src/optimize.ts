import type { Step } from './adapter/trace.ts';
import { noteEarlier } from './budget/earlier-spend.ts';
import { noTime, type TimeSpent } from './budget/spend.ts';
import { messageOf, sentence } from './calls/classify-error.ts';
import { nextTurn } from './calls/next-turn.ts';
import { Lifetime } from './calls/run-signal.ts';
import { componentNames } from './component.ts';
import { type Broadcast, createBroadcast } from './dispatcher.ts';
import { RunError } from './errors.ts';
import { fingerprintOf } from './journal/fingerprint.ts';
import { openRunDirectory, type RunDirectory } from './journal/run-directory.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from './options/options.ts';
import { resolveOptions, type Settings } from './options/settings.ts';
import { prepareRun, type Run } from './prepare-run.ts';
import { messageMask } from './redact.ts';
import { terminalProgress } from './report/terminal-progress.ts';
import type { OptimizationResult, TestScores } from './result.ts';
import { search } from './search/loop.ts';
import { resultOf } from './search/state.ts';
import type { StopReason } from './search/strategies/stop-conditions.ts';
import { scoreTestset } from './search/test-scores.ts';

/**
 * Optimizes the texts of a program with GEPA (arXiv 2507.19457): an `adapter`, or in short a `seedCandidate` and a
 * function that runs it. With a `runDir` the same call takes up a run that was broken off.
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
  const broadcast = createBroadcast<Name>(
    settings.runDir === undefined ? undefined : messageMask(settings.redact),
  );
  if (settings.onEvent !== undefined) broadcast.add(settings.onEvent);
  if (settings.progress) broadcast.add(terminalProgress());
  const lifetime = new Lifetime(settings.signal);
  let directory: RunDirectory | undefined;
  try {
    directory = openDirectory(settings, broadcast, lifetime);
    const prepared = prepareRun(settings, broadcast, lifetime, directory?.journal);
    if (settings.maxDurationMs !== undefined) {
      lifetime.endAfter(settings.maxDurationMs - prepared.stopwatch.elapsedMs);
    }
    return await run(settings, broadcast, lifetime, prepared);
  } finally {
    lifetime.end();
    // What was given up on has yet to write down what it cost.
    if (directory !== undefined) await nextTurn();
    await closeAdapter(settings.adapter, broadcast.warn);
    directory?.close();
  }
}

function openDirectory<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  { add, note, warn }: Broadcast<Name>,
  lifetime: Lifetime,
): RunDirectory | undefined {
  if (settings.runDir === undefined) return undefined;
  const directory = openRunDirectory(settings.runDir, {
    fingerprint: fingerprintOf(settings),
    names: componentNames(settings.adapter.components),
    redact: settings.redact,
    maxMetricCalls: settings.maxMetricCalls,
    note,
    warn,
    onFailure: () =>
      lifetime.endBy('runDirUnwritable', new Error('The run directory cannot be written any more.')),
  });
  add(directory.listener);
  return directory;
}

/** What the run found is worth more than a clean end. */
async function closeAdapter(
  adapter: { close?(): Promise<void> },
  warn: (message: string) => void,
): Promise<void> {
  try {
    await adapter.close?.();
  } catch (error) {
    warn(`The adapter could not be closed: ${messageOf(error)}`);
  }
}

async function run<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  broadcast: Broadcast<Name>,
  lifetime: Lifetime,
  { runId, setup, testset, stopwatch, health, journal }: Run<Example, Output, Trace, Name>,
): Promise<OptimizationResult<Name>> {
  const { state, ledger, evaluator, decide } = setup;

  const finish = (stopReason: StopReason, test?: TestScores) => {
    noteEarlier(ledger, journal);
    for (const remark of ledger.remarks) broadcast.warn(remark);
    const time = stopwatch.spent;
    journal?.mark({ type: 'ended', reason: stopReason });
    decide({
      type: 'run_finished',
      stopReason,
      bestIndex: state.bestIndex,
      metricCalls: ledger.metricCalls,
      metricCallsSaved: ledger.metricCallsSaved,
      cacheHits: ledger.cacheHits,
      retries: ledger.retries,
      usage: ledger.usage,
      spend: ledger.spend,
      durationMs: totalOf(time),
      time,
      warnings: [...broadcast.warnings],
      ...(test === undefined ? {} : { test }),
    });
  };

  const earlierMs = totalOf(journal?.earlierTime ?? noTime);
  decide({
    type: 'run_started',
    runId,
    seed: settings.seed,
    components: setup.names,
    trainsetSize: setup.trainset.length,
    valsetSize: setup.valset.length,
    frontierType: settings.frontierType,
    maxMetricCalls: settings.maxMetricCalls,
    maxIterations: settings.maxIterations,
    maxCostUsd: settings.maxCostUsd,
    maxTokens: settings.maxTokens,
    maxDurationMs: settings.maxDurationMs,
    earlierMs: earlierMs === 0 ? undefined : earlierMs,
  });
  try {
    let reason = await search(setup);
    if (reason === 'aborted') reason = lifetime.endedBy ?? reason;
    ledger.release();
    const [seed, best] = [state.candidates[0]!, state.candidates[state.bestIndex]!];
    const { iteration } = state;
    const test =
      testset.length === 0
        ? undefined
        : await scoreTestset({ evaluator, testset, iteration, seed, best, warn: broadcast.warn });
    if (test !== undefined && 'interruption' in test) {
      const cut =
        test.interruption.reason === 'aborted' ? (lifetime.endedBy ?? 'aborted') : test.interruption.reason;
      const { error } = test.interruption;
      broadcast.warn(`The testset was not scored: ${error === undefined ? `${cut}.` : sentence(error)}`);
      reason = cut === 'maxMetricCalls' || cut === 'unavailable' ? reason : cut;
    }
    if (health.loss !== undefined) broadcast.warn(lossOf(health.loss.error, settings.runDir));
    finish(reason, test === undefined || 'interruption' in test ? undefined : test);
    return resultOf(state);
  } catch (error) {
    lifetime.end();
    // What is given up tells what it took.
    await nextTurn();
    const failure = RunError.isInstance(error)
      ? error
      : new RunError(`The run broke off: ${messageOf(error)}`, { cause: error });
    finish('error');
    if (state.candidates.some(({ coverage }) => coverage > 0)) failure.result = resultOf(state);
    throw failure;
  }
}

const totalOf = (time: TimeSpent): number => Object.values(time).reduce((sum, ms) => sum + ms, 0);

function lossOf(error: unknown, runDir: string | undefined): string {
  const wayOn =
    runDir === undefined
      ? 'With a `runDir` such a run could be taken up again.'
      : 'Once they are back, the same call goes on from here.';
  return `The models could not be had any more: ${sentence(error)} ${wayOn}`;
}
