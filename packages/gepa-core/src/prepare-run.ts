import { componentNames, seedOf } from './component.ts';
import { Ledger } from './effects/ledger.ts';
import type { Broadcast } from './engine/broadcast.ts';
import { warnAboutData } from './engine/data-warnings.ts';
import { Evaluator } from './engine/evaluator.ts';
import { ExampleIndex, type ExampleRef } from './engine/examples.ts';
import type { Lifetime } from './engine/lifetime.ts';
import type { SearchSetup } from './engine/search-setup.ts';
import { SearchState } from './engine/state.ts';
import { StrategyError } from './errors.ts';
import type { DecisionEvent } from './events.ts';
import { MergeProposer } from './proposers/merge.ts';
import { reflectiveMutation } from './proposers/reflective-mutation.ts';
import { Random } from './random.ts';
import type { Settings } from './settings.ts';
import * as conditions from './strategies/stop-conditions.ts';
import { createStrategies } from './strategies/strategies.ts';

/** A run that is ready to start. */
export interface Run<Example, Output, Trace, Name extends string> {
  readonly runId: string;
  readonly setup: SearchSetup<Example, Output, Trace, Name>;
  readonly testset: readonly ExampleRef<Example>[];
}

/** Makes the parts of a run and ties them together. Nothing is run or asked yet. */
export function prepareRun<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  broadcast: Broadcast<Name>,
  lifetime: Lifetime,
): Run<Example, Output, Trace, Name> {
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

  return {
    runId,
    testset,
    setup: {
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
    },
  };
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
