import { messageOf } from './effects/failures.ts';
import { type Broadcast, createBroadcast } from './engine/broadcast.ts';
import { Lifetime } from './engine/lifetime.ts';
import { search } from './engine/search.ts';
import { resultOf } from './engine/state.ts';
import { scoreTestset } from './engine/testset-scores.ts';
import { RunError } from './errors.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from './options.ts';
import { prepareRun } from './prepare-run.ts';
import { terminalProgress } from './report/terminal-progress.ts';
import type { OptimizationResult, TestScores } from './result.ts';
import { resolveOptions, type Settings } from './settings.ts';
import type { StopReason } from './strategies/stop-conditions.ts';
import type { Step } from './trace.ts';

/**
 * Optimizes the texts of a program with GEPA (arXiv 2507.19457): an `adapter`, or in short a `seedCandidate` and a
 * function that runs it.
 *
 * @throws {OptionsError} before anything is spent, with every problem of the options.
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
  const listeners = [settings.onEvent, settings.progress ? terminalProgress() : undefined];
  const broadcast = createBroadcast<Name>(listeners.filter((listener) => listener !== undefined));
  const lifetime = new Lifetime(settings.signal, settings.maxDurationMs);
  try {
    return await run(settings, broadcast, lifetime);
  } finally {
    lifetime.end();
    await closeAdapter(settings.adapter, broadcast.warn);
  }
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
): Promise<OptimizationResult<Name>> {
  const { runId, setup, testset } = prepareRun(settings, broadcast, lifetime);
  const { state, ledger, evaluator, decide } = setup;

  const finish = (reason: StopReason, test?: TestScores) =>
    decide({
      type: 'run_finished',
      stopReason: reason,
      bestIndex: state.bestIndex,
      metricCalls: ledger.metricCalls,
      metricCallsSaved: ledger.metricCallsSaved,
      retries: ledger.retries,
      usage: ledger.usage,
      reflectionUsage: ledger.reflectionUsage,
      durationMs: lifetime.elapsedMs,
      warnings: [...broadcast.warnings],
      ...(test === undefined ? {} : { test }),
    });

  decide({
    type: 'run_started',
    runId,
    seed: settings.seed,
    components: setup.names,
    trainsetSize: setup.trainset.length,
    valsetSize: setup.valset.length,
    frontierType: settings.frontierType,
    maxMetricCalls: settings.maxMetricCalls,
  });
  try {
    const reason = await search(setup);
    ledger.release();
    const [seedCandidate, best] = [state.candidates[0]!, state.candidates[state.bestIndex]!];
    const test =
      testset.length === 0
        ? undefined
        : await scoreTestset({
            evaluator,
            ledger,
            testset,
            iteration: state.iteration,
            seed: seedCandidate,
            best,
          });
    if (test !== undefined && 'problem' in test) {
      broadcast.warn(`The testset was not scored: ${lifetime.endedBy ?? test.problem}.`);
      finish(lifetime.endedBy ?? reason);
    } else {
      finish(reason === 'aborted' ? (lifetime.endedBy ?? reason) : reason, test);
    }
    return resultOf(state);
  } catch (error) {
    lifetime.end();
    const failure = RunError.isInstance(error)
      ? error
      : new RunError(`The run broke off: ${messageOf(error)}`, { cause: error });
    finish('error');
    if (state.candidates.some(({ coverage }) => coverage > 0)) failure.result = resultOf(state);
    throw failure;
  }
}
