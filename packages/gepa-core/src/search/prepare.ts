import { Budget } from '../budget/budget.ts';
import { chargeEarlierSessions } from '../budget/charge-earlier-sessions.ts';
import { noTime, SpendReport, totalTime } from '../budget/spend.ts';
import { Stopwatch } from '../budget/stopwatch.ts';
import type { CallEnvironment } from '../calls/call.ts';
import { Outage } from '../calls/outage.ts';
import type { RunSignal } from '../calls/run-signal.ts';
import { AttemptTimeouts } from '../calls/timeout.ts';
import { componentNames, seedCandidateOf } from '../component.ts';
import { useEarlierRun } from '../continue/use-earlier-run.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { DecisionEvent } from '../events.ts';
import { type Journal, settledCallOf } from '../journal/journal.ts';
import { warnAboutPlaceholders } from '../options/data-warnings.ts';
import type { Settings } from '../options/settings.ts';
import { copyFinder, createLimits, type FindCopies } from '../reflection/answer/text-limits.ts';
import { maskedKnowledge } from '../reflection/knowledge.ts';
import { Memory } from '../reflection/memory/memory.ts';
import { createProposer } from '../reflection/propose.ts';
import { inProcess } from '../rollouts/in-process.ts';
import type { RolloutPlace, RolloutRun } from '../rollouts/rollouts.ts';
import { keyedDraws, sharedDraws } from './draws.ts';
import { Evaluator } from './evaluation/evaluator.ts';
import type { ExampleRef } from './evaluation/examples.ts';
import type { ExampleRefs } from './evaluation/read-examples.ts';
import { MergeProposer } from './merge/merge-proposer.ts';
import { policyRequest } from './pool.ts';
import type { SearchContext } from './search-context.ts';
import { metricRepeats } from './seed-advice.ts';
import { SearchState } from './state/state.ts';
import { Stopping } from './stopping.ts';
import { createStrategies } from './strategies/strategies.ts';

/** A run that is ready to start. */
export interface PreparedRun<Example, Output, Trace, Name extends string> {
  readonly runId: string;
  readonly search: SearchContext<Example, Output, Trace, Name>;
  readonly calls: CallEnvironment;
  readonly place: RolloutPlace<Example, Output, Trace, Name>;
  readonly testset: readonly ExampleRef<Example>[];
  readonly findCopies: FindCopies;
  readonly stopwatch: Stopwatch;
}

/** Creates the parts of a run and connects them. Makes no call. */
export function prepareRun<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  dispatcher: Dispatcher<Name>,
  {
    runSignal,
    journal,
    examples,
  }: {
    readonly runSignal: RunSignal;
    readonly journal?: Journal | undefined;
    readonly examples: ExampleRefs<Example>;
  },
): PreparedRun<Example, Output, Trace, Name> {
  const { adapter, cacheEvaluation, skipDuplicates } = settings;
  const { warn } = dispatcher;
  const { signal } = runSignal;
  const names = componentNames(adapter.components);
  const runId = journal?.runId ?? crypto.randomUUID();

  const { trainset, valset, testset } = examples;
  warnAboutPlaceholders(adapter.components, warn);

  const state = new SearchState<Name>();
  const dispatch = (event: DecisionEvent<Name>) => {
    if (event.type === 'iteration_started' && !journal?.hasIteration(event.iteration)) {
      journal?.mark({ type: 'iteration', iteration: event.iteration });
    }
    state.apply(dispatcher.dispatch(event));
  };
  const spend = new SpendReport();
  const budget = new Budget({
    maxMetricCalls: settings.maxMetricCalls,
    maxCostUsd: settings.maxCostUsd,
    maxTokens: settings.maxTokens,
    reserve: settings.reserve,
    prices: settings.prices,
    testsetCalls: 2 * testset.length,
    // Not while the seed is scored, without which there is nothing to test. Nor while a replay makes a call again that
    // is missing in the journal: the earlier session may have scored the testset since.
    keepsTestset: () => state.iteration > 0 && !journal?.hasIteration(state.iteration + 1),
    note: dispatcher.note,
    onReserve: ({ number }, { tokens, costUsd }) =>
      journal?.mark({ type: 'reserved', reservation: number, tokens, costUsd }),
  });
  chargeEarlierSessions(budget, journal, dispatcher.note);
  journal?.onReplay((entry) => {
    const { usage, judgeUsage, ...call } = settledCallOf(entry);
    spend.add({ ...call, usage: budget.priceLoaded(usage), judgeUsage: budget.priceLoaded(judgeUsage) });
  });

  const outage = new Outage();
  signal.addEventListener('abort', () => outage.stopWaiting(), { once: true });
  const stopwatch = new Stopwatch(journal?.earlierTime);
  const calls: CallEnvironment = {
    signal,
    budget,
    spend,
    outage,
    journal,
    retry: settings.retry,
    timeouts: new AttemptTimeouts(signal, settings.rolloutTimeoutMs),
    dispatch: dispatcher.dispatch,
  };
  const trainKeys = new Set(trainset.map(({ key }) => key));
  const rolloutRun: RolloutRun<Example, Output, Trace, Name> = {
    runId,
    adapter,
    metric: settings.metric,
    examples: [...new Map([...trainset, ...valset, ...testset].map((ref) => [ref.key, ref])).values()],
    rolloutTimeoutMs: settings.rolloutTimeoutMs,
    admitsCalls: budget.limitsSpend && !budget.isDeclared('rollout'),
    hasJournal: journal !== undefined,
    mask: settings.mask,
    signal,
    note: dispatcher.note,
    warn,
  };
  const place = settings.rollouts?.placeFor(rolloutRun) ?? inProcess(rolloutRun);
  const evaluator = new Evaluator({
    run: calls,
    adapter,
    place,
    stopwatch,
    concurrency: settings.concurrency,
    failureScore: settings.failureScore,
    perfectScore: settings.skipPerfectScore ? settings.perfectScore : undefined,
    frontierType: settings.frontierType,
    cache: cacheEvaluation,
    isReflectedOn: (exampleKey) => trainKeys.has(exampleKey),
    readsImages: settings.reflectionModel?.readsImages === true,
    mask: settings.mask,
    warn,
  });
  if (settings.earlier !== undefined) {
    useEarlierRun(settings.earlier, evaluator, examples, dispatcher);
  }
  const { mask, perfectScore, showExpected } = settings;
  const seedCandidate = seedCandidateOf(adapter.components);
  const memory = new Memory({
    state,
    names,
    trainset,
    mask,
    toPlain: adapter.toPlain?.bind(adapter),
    perfectScore,
    showExpected,
    earlier: settings.earlier,
  });
  const findCopies = copyFinder(Object.values<string>(seedCandidate), trainset);
  const propose = createProposer({
    run: calls,
    adapter,
    model: settings.reflectionModel,
    propose:
      settings.propose ??
      (settings.reflectionModel === undefined ? adapter.propose?.bind(adapter) : undefined),
    templates: settings.reflectionPromptTemplate,
    maxRecordCharacters: settings.maxRecordCharacters,
    perfectScore,
    concurrency: settings.reflectionConcurrency,
    mask,
    knowledge: maskedKnowledge(settings, mask),
    memory,
    checkLimits: createLimits(settings, findCopies),
    stopwatch,
    warn,
  });

  const draws =
    settings.search === 'reference'
      ? sharedDraws(settings.seed)
      : keyedDraws(settings.seed, () => state.iteration);
  const merger = new MergeProposer<Name>({
    names,
    draws,
    minOverlap: settings.mergeValOverlapFloor,
    isNew: (texts) => !skipDuplicates || !state.has(texts),
  });
  const stopping = new Stopping(settings, { state, spend, budget, stopwatch, runSignal, journal });
  const metricCalls = () => stopping.metricCalls();
  const strategies = createStrategies(settings, {
    draws,
    trainsetSize: trainset.length,
    minibatchSize: settings.reflectionMinibatchSize,
    metricCalls,
  });
  const search: SearchContext<Example, Output, Trace, Name> = {
    started: startedEvent(settings, runId, journal),
    names,
    seedCandidate,
    givenCandidates: settings.seedCandidates,
    trainset,
    valset,
    state,
    dispatch,
    evaluator,
    propose,
    memory,
    merger: settings.useMerge ? merger : undefined,
    combines: settings.search !== 'reference',
    maxMergeInvocations: settings.maxMergeInvocations,
    strategies,
    spend,
    metricCalls,
    draws,
    minibatchSize: settings.reflectionMinibatchSize,
    skipDuplicates,
    skipPerfectScore: settings.skipPerfectScore,
    perfectScore,
    isScaleGiven: settings.isScaleGiven,
    failureScore: settings.failureScore,
    metricRepeats: metricRepeats(settings),
    maxIdleIterations: Math.max(10, Math.ceil(trainset.length / settings.reflectionMinibatchSize)),
    stopReason: () => stopping.reason(() => strategies.evaluationPolicy.reserve(policyRequest(search))),
    warn,
  };
  return { runId, place, testset, findCopies, stopwatch, calls, search };
}

function startedEvent<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  runId: string,
  journal: Journal | undefined,
): SearchContext<Example, Output, Trace, Name>['started'] {
  const { seed, frontierType, maxMetricCalls, maxIterations, maxCostUsd, maxTokens, maxDurationMs } =
    settings;
  const earlierMs = totalTime(journal?.earlierTime ?? noTime);
  return {
    type: 'run_started',
    runId,
    seed,
    components: componentNames(settings.adapter.components),
    trainsetSize: settings.trainset.length,
    valsetSize: settings.valset.length,
    frontierType,
    perfectScore: settings.skipPerfectScore ? settings.perfectScore : undefined,
    maxMetricCalls,
    maxIterations,
    maxCostUsd,
    maxTokens,
    maxDurationMs,
    earlierMs: earlierMs === 0 ? undefined : earlierMs,
  };
}
