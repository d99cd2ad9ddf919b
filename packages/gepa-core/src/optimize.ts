import { componentNames, seedOf } from './component.ts';
import { messageOf } from './effects/failures.ts';
import { Ledger } from './effects/ledger.ts';
import { type Broadcast, createBroadcast } from './engine/broadcast.ts';
import { warnAboutData } from './engine/data-warnings.ts';
import { Evaluator } from './engine/evaluator.ts';
import { ExampleIndex } from './engine/examples.ts';
import { Lifetime } from './engine/lifetime.ts';
import { search } from './engine/search.ts';
import { resultOf, SearchState } from './engine/state.ts';
import { scoreTestset } from './engine/testset-scores.ts';
import { RunError, StrategyError } from './errors.ts';
import type { DecisionEvent } from './events.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from './options.ts';
import { MergeProposer } from './proposers/merge.ts';
import { reflectiveMutation } from './proposers/reflective-mutation.ts';
import { Random } from './random.ts';
import { terminalProgress } from './report/terminal-progress.ts';
import type { OptimizationResult, TestScores } from './result.ts';
import { resolveOptions, type Settings } from './settings.ts';
import * as conditions from './strategies/stop-conditions.ts';
import { createStrategies } from './strategies/strategies.ts';
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
  const settings = resolveOptions(options);
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

function checkedCondition(condition: conditions.StopCondition): conditions.StopCondition {
  return async (state) => {
    const reason: unknown = await condition(state);
    if (reason === undefined || (typeof reason === 'string' && reason !== '')) return reason;
    throw new StrategyError(
      `A stop condition gave ${JSON.stringify(reason)}; give the reason to stop as a word, or undefined to go on.`,
    );
  };
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
  const { adapter, seed, maxMetricCalls, reflectionMinibatchSize, cacheEvaluation, retry, skipDuplicates } =
    settings;
  const { emit, warn } = broadcast;
  const { signal } = lifetime;
  const names = componentNames(adapter.components);
  const runId = crypto.randomUUID();

  const index = new ExampleIndex<Example>();
  const trainset = index.add('train', settings.trainset);
  const valset = index.add('val', settings.valset);
  const testset = index.add('test', settings.testset);
  warnAboutData(settings, { trainset, valset, testset }, warn);

  const state = new SearchState<Name>();
  const decide = (event: DecisionEvent<Name>) => {
    state.apply(event);
    emit(event);
  };
  const random = new Random(seed);
  const ledger = new Ledger({
    maxMetricCalls,
    reservedMetricCalls: 2 * testset.length,
    maxCostUsd: settings.maxCostUsd,
    prices: settings.prices,
  });
  const evaluator = new Evaluator({
    adapter,
    metric: settings.metric,
    runId,
    ledger,
    concurrency: settings.concurrency,
    retry,
    rolloutTimeoutMs: settings.rolloutTimeoutMs,
    failureScore: settings.failureScore,
    frontierType: settings.frontierType,
    cache: cacheEvaluation,
    signal,
    emit: broadcast.isHeard ? emit : undefined,
    warn,
  });
  const propose = reflectiveMutation({
    adapter,
    model: settings.reflectionModel,
    propose:
      settings.propose ??
      (settings.reflectionModel === undefined ? adapter.propose?.bind(adapter) : undefined),
    templates: settings.reflectionPromptTemplate,
    maxRecordCharacters: settings.maxRecordCharacters,
    ledger,
    retry,
    signal,
    timeoutMs: settings.rolloutTimeoutMs,
    emit,
  });
  const merger = new MergeProposer<Name>({
    names,
    random,
    minOverlap: settings.mergeValOverlapFloor,
    isNew: (texts) => !skipDuplicates || !state.has(texts),
  });
  const strategies = createStrategies(settings, {
    random,
    trainsetSize: trainset.length,
    minibatchSize: reflectionMinibatchSize,
  });
  const stopWhen = conditions.anyOf(
    ...(settings.maxIterations === undefined ? [] : [conditions.iterations(settings.maxIterations)]),
    ...(settings.stopConditions ?? []).map(checkedCondition),
  );
  const stopReason = async () =>
    lifetime.endedBy ??
    (await stopWhen({
      search: state,
      iterations: state.iteration,
      metricCalls: ledger.metricCalls,
      usage: ledger.usage,
      elapsedMs: lifetime.elapsedMs,
    }));

  const finish = (reason: conditions.StopReason, test?: TestScores): OptimizationResult<Name> => {
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
    return resultOf(state);
  };

  decide({
    type: 'run_started',
    runId,
    seed,
    components: names,
    trainsetSize: trainset.length,
    valsetSize: valset.length,
    frontierType: settings.frontierType,
    maxMetricCalls,
  });
  try {
    const reason = await search({
      names,
      seedTexts: seedOf(adapter.components),
      trainset,
      valset,
      state,
      decide,
      evaluator,
      propose,
      merger: settings.useMerge ? merger : undefined,
      maxMergeInvocations: settings.maxMergeInvocations,
      strategies,
      ledger,
      skipDuplicates,
      skipPerfectScore: settings.skipPerfectScore,
      perfectScore: settings.perfectScore,
      failureScore: settings.failureScore,
      maxIdleIterations: Math.max(10, Math.ceil(trainset.length / reflectionMinibatchSize)),
      stopReason,
      warn,
    });
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
      warn(`The testset was not scored: ${lifetime.endedBy ?? test.problem}.`);
      return finish(lifetime.endedBy ?? reason);
    }
    return finish(reason === 'aborted' ? (lifetime.endedBy ?? reason) : reason, test);
  } catch (error) {
    lifetime.end();
    const failure = RunError.isInstance(error)
      ? error
      : new RunError(`The run broke off: ${messageOf(error)}`, { cause: error });
    if (state.candidates.length > 0) failure.result = finish('error');
    throw failure;
  }
}
