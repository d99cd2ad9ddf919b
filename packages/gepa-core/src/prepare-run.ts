import { commitEarlier, noteEarlier } from './budget/earlier-spend.ts';
import { Ledger } from './budget/ledger.ts';
import { Stopwatch } from './budget/stopwatch.ts';
import { nextTurn } from './calls/next-turn.ts';
import { ProviderHealth } from './calls/outage.ts';
import type { Lifetime } from './calls/run-signal.ts';
import { componentNames, seedCandidateOf } from './component.ts';
import type { Broadcast } from './dispatcher.ts';
import { StrategyError } from './errors.ts';
import type { DecisionEvent } from './events.ts';
import type { Journal } from './journal/journal.ts';
import { warnAboutData } from './options/data-warnings.ts';
import type { Settings } from './options/settings.ts';
import { reflectiveMutation } from './reflection/propose.ts';
import { Evaluator } from './search/evaluator.ts';
import { ExampleIndex, type ExampleRef } from './search/examples.ts';
import { MergeProposer } from './search/merge-proposer.ts';
import { Random } from './search/random.ts';
import type { SearchSetup } from './search/search-setup.ts';
import { SearchState } from './search/state.ts';
import * as conditions from './search/strategies/stop-conditions.ts';
import { createStrategies } from './search/strategies/strategies.ts';

/** A run that is ready to start. */
export interface Run<Example, Output, Trace, Name extends string> {
  readonly runId: string;
  readonly setup: SearchSetup<Example, Output, Trace, Name>;
  readonly testset: readonly ExampleRef<Example>[];
  readonly stopwatch: Stopwatch;
  readonly health: ProviderHealth;
  readonly journal: Journal | undefined;
}

/** Makes the parts of a run and ties them together. Nothing is run or asked yet. */
export function prepareRun<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  broadcast: Broadcast<Name>,
  lifetime: Lifetime,
  journal: Journal | undefined,
): Run<Example, Output, Trace, Name> {
  const { adapter, seed, maxMetricCalls, reflectionMinibatchSize, cacheEvaluation, retry, skipDuplicates } =
    settings;
  const { emit, warn } = broadcast;
  const { signal } = lifetime;
  const names = componentNames(adapter.components);
  const runId = journal?.runId ?? crypto.randomUUID();

  const index = new ExampleIndex<Example>();
  const trainset = index.add('train', settings.trainset);
  const valset = index.add('val', settings.valset);
  const testset = index.add('test', settings.testset);
  warnAboutData(settings, { trainset, valset, testset }, warn);

  const state = new SearchState<Name>();
  const decide = (event: DecisionEvent<Name>) => {
    if (event.type === 'iteration_started' && !journal?.hasIteration(event.iteration)) {
      journal?.mark({ type: 'iteration', iteration: event.iteration });
    }
    state.apply(event);
    emit(event);
  };
  const random = new Random(seed);
  const ledger = new Ledger({
    maxMetricCalls,
    plannedMetricCalls: () =>
      journal?.hasIteration(state.iteration) ? journal.plannedMetricCalls : undefined,
    reservedMetricCalls: 2 * testset.length,
    // Not for the seed, without which there is nothing to test; nor where a replay has to make good what is missing in an
    // iteration that an earlier session went on from: it may have scored the testset since.
    setsAside: () => state.iteration > 0 && !journal?.hasIteration(state.iteration + 1),
    maxCostUsd: settings.maxCostUsd,
    maxTokens: settings.maxTokens,
    reserve: settings.reserve,
    prices: settings.prices,
    note: broadcast.note,
    onSetAside: (hold, most) => journal?.mark({ type: 'setAside', hold: hold.number!, ...most }),
  });
  commitEarlier(ledger, journal);
  const stopwatch = new Stopwatch(journal?.earlierTime);
  const health = new ProviderHealth();
  signal.addEventListener('abort', () => health.end(), { once: true });
  const trainKeys = new Set(trainset.map(({ key }) => key));
  const evaluator = new Evaluator({
    adapter,
    metric: settings.metric,
    runId,
    ledger,
    stopwatch,
    health,
    journal,
    concurrency: settings.concurrency,
    retry,
    rolloutTimeoutMs: settings.rolloutTimeoutMs,
    failureScore: settings.failureScore,
    frontierType: settings.frontierType,
    cache: cacheEvaluation,
    exampleCount: index.size,
    isReflectedOn: (exampleKey) => trainKeys.has(exampleKey),
    signal,
    emit: broadcast.isHeard() ? emit : undefined,
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
    redact: settings.redact,
    ledger,
    stopwatch,
    health,
    journal,
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
  const stopReason = async (): Promise<conditions.StopReason | undefined> => {
    // A replay waits for nothing, and so would keep the clock and Ctrl-C from ending the run before it is live again.
    if (journal?.hasIteration(state.iteration)) await nextTurn();
    // An earlier session went on from here, and so does its replay, whatever the clock says by now.
    const reason = journal?.hasIteration(state.iteration + 1)
      ? undefined
      : (lifetime.endedBy ??
        (await stopWhen({
          search: state,
          iterations: state.iteration,
          metricCalls: ledger.metricCalls,
          usage: ledger.usage,
          elapsedMs: stopwatch.elapsedMs,
        })));
    // What is left over was made under other bounds (a testset at a former end, say), and was paid for all the same.
    if (reason === undefined) noteEarlier(ledger, journal, state.iteration + 1);
    return reason;
  };

  return {
    runId,
    testset,
    stopwatch,
    health,
    journal,
    setup: {
      names,
      seedTexts: seedCandidateOf(adapter.components),
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
