import { zero } from '../budget/amount.ts';
import { Budget } from '../budget/budget.ts';
import { noTime, SpendReport, totalTime } from '../budget/spend.ts';
import { Stopwatch } from '../budget/stopwatch.ts';
import type { CallEnvironment } from '../calls/call.ts';
import { nextTurn } from '../calls/next-turn.ts';
import { Outage } from '../calls/outage.ts';
import { Pace, withoutPause } from '../calls/pace.ts';
import type { RunSignal } from '../calls/run-signal.ts';
import { AttemptTimeouts } from '../calls/timeout.ts';
import { componentNames, seedCandidateOf } from '../component.ts';
import type { EarlierRun } from '../continue/earlier-run.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { StrategyError } from '../errors.ts';
import type { DecisionEvent } from '../events.ts';
import { type Journal, settledCallOf } from '../journal/journal.ts';
import { warnAboutData, warnAboutPlaceholders } from '../options/data-warnings.ts';
import type { Settings } from '../options/settings.ts';
import { copyFinder, createLimits, type FindCopies } from '../reflection/answer/text-limits.ts';
import { maskedKnowledge } from '../reflection/knowledge.ts';
import { Memory } from '../reflection/memory/memory.ts';
import { createProposer } from '../reflection/propose.ts';
import { countOf } from '../report/format.ts';
import { inProcess } from '../rollouts/in-process.ts';
import type { RolloutPlace, RolloutRun } from '../rollouts/rollouts.ts';
import { keyedDraws, sharedDraws } from './draws.ts';
import { Evaluator } from './evaluation/evaluator.ts';
import { ExampleIndex, type ExampleRef } from './evaluation/examples.ts';
import { MergeProposer } from './merge/merge-proposer.ts';
import { policyRequest } from './pool.ts';
import type { SearchContext } from './search-context.ts';
import { isTrial } from './seed-advice.ts';
import { SearchState } from './state/state.ts';
import * as conditions from './strategies/stop-conditions.ts';
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

/** The data sets of a run. */
type ExampleRefs<Example> = Readonly<
  Record<'trainset' | 'valset' | 'testset', readonly ExampleRef<Example>[]>
>;

/** Numbers the examples and warns about problems of the data sets. The work can pause between examples. */
export function* readExamples<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  warn: (message: string) => void,
  trainsetName = 'train',
): Generator<void, ExampleRefs<Example>> {
  const index = new ExampleIndex<Example>(settings.mask.name);
  const trainset = yield* index.adding(trainsetName, settings.trainset);
  const valset = yield* index.adding('val', settings.valset);
  const testset = yield* index.adding('test', settings.testset);
  const refs = { trainset, valset, testset };
  // An evaluation has one set.
  if (trainsetName === 'train') yield* warnAboutData(settings, refs, warn);
  return refs;
}

/** Creates the parts of a run and connects them. Makes no call. */
export function prepareRun<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  dispatcher: Dispatcher<Name>,
  {
    runSignal,
    journal,
    pace = new Pace(),
    examples = withoutPause(readExamples(settings, dispatcher.warn)),
  }: {
    readonly runSignal: RunSignal;
    readonly journal?: Journal | undefined;
    /** Shared with the journal. */
    readonly pace?: Pace;
    /** The data sets, if they are read already. */
    readonly examples?: ExampleRefs<Example>;
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
  /** Whether an earlier session went on after the present iteration. */
  const isReplaying = () => journal?.hasIteration(state.iteration + 1) ?? false;

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
    keepsTestset: () => state.iteration > 0 && !isReplaying(),
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
    pace,
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
    continueRun(settings.earlier, evaluator, { trainset, valset, testset }, dispatcher);
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
  const metricCalls = () => {
    const planned = journal?.hasIteration(state.iteration) ? (journal.plannedMetricCalls ?? 0) : 0;
    const total =
      journal?.limitOf(state.iteration) ??
      Math.max(settings.maxMetricCalls ?? Number.POSITIVE_INFINITY, planned);
    const limit = total - budget.testsetCalls;
    return { limit, left: limit - spend.metricCalls, testset: budget.testsetCalls };
  };
  const strategies = createStrategies(settings, {
    draws,
    trainsetSize: trainset.length,
    minibatchSize: settings.reflectionMinibatchSize,
    metricCalls,
  });
  const stopWhen = conditions.anyOf(
    ...(settings.maxIterations === undefined ? [] : [conditions.iterations(settings.maxIterations)]),
    ...(settings.stopConditions ?? []).map(checkedCondition),
  );
  const stopReason = async (): Promise<conditions.StopReason | undefined> => {
    // A replay never waits, so that timers and Ctrl-C need a turn of the event loop to act.
    if (journal?.hasIteration(state.iteration)) await nextTurn();
    // The earlier session went on from here, and so does its replay, whatever the clock says now.
    if (!isReplaying()) {
      const reason = runSignal.endedBy ?? (await stopWhen(stopStateOf())) ?? reachedReserve();
      if (reason !== undefined) return reason;
    }
    // Entries left over were made under other limits (an earlier end of the run), and were paid for all the same.
    journal?.skip(state.iteration + 1);
    return undefined;
  };
  /** Where dollars, tokens or time are limited, the final comparison gets its share of them. */
  const reachedReserve = (): conditions.StopReason | undefined => {
    const share = 1 - strategies.evaluationPolicy.reserve(policyRequest(search));
    if (share === 1) return undefined;
    const { usage } = spend;
    const isReached = (spent: number | undefined, limit: number | undefined) =>
      limit !== undefined && (spent ?? 0) >= share * limit;
    if (isReached(usage.costUsd, settings.maxCostUsd)) return 'maxCostUsd';
    if (isReached(usage.inputTokens + usage.outputTokens, settings.maxTokens)) return 'maxTokens';
    return isReached(stopwatch.elapsedMs, settings.maxDurationMs) ? 'maxDurationMs' : undefined;
  };
  const stopStateOf = () => ({
    search: state,
    iterations: state.iteration,
    metricCalls: spend.metricCalls,
    usage: spend.usage,
    elapsedMs: stopwatch.elapsedMs,
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
    pace,
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
    stopReason,
    warn,
  };
  return { runId, place, testset, findCopies, stopwatch, calls, search };
}

const METRIC_REPEATS = 3;

/** None where a limit on dollars or tokens reserves one call of the metric for each rollout, or where it is not worth it. */
function metricRepeats<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
): number {
  const { maxCostUsd, maxTokens } = settings;
  const limitsSpend = maxCostUsd !== undefined || maxTokens !== undefined;
  return limitsSpend || isTrial(settings) ? 0 : METRIC_REPEATS;
}

/** Tells the evaluator what an earlier run knows. */
function continueRun<Example, Output, Trace, Name extends string>(
  earlier: EarlierRun<Name>,
  evaluator: Evaluator<Example, Output, Trace, Name>,
  sets: Readonly<Record<'trainset' | 'valset' | 'testset', readonly ExampleRef<Example>[]>>,
  { note, warn }: Dispatcher<Name>,
): void {
  let rollouts = 0;
  for (const { candidate, ref, rollout } of earlier.rolloutsOn([
    ...sets.trainset,
    ...sets.valset,
    ...sets.testset,
  ])) {
    evaluator.know(candidate, ref, rollout);
    rollouts++;
  }
  const { changes, candidates } = earlier;
  if (changes.length > 0) {
    warn(`The rollouts of the earlier run are not used: since then ${changes.join('; ')}.`);
  }
  const used = earlier.used(sets.testset);
  if (used > 0) {
    warn(
      `The earlier run used ${used} of the ${sets.testset.length} test examples for training or validation: the test score of its candidates is too high. Hold the same examples out in every run.`,
    );
  }
  note(
    `Continued from an earlier run: ${countOf(candidates.length, 'candidate')} and ${countOf(rollouts, 'rollout')} are known.`,
  );
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

/** Charges everything that earlier sessions spent, or may have been billed for. */
function chargeEarlierSessions(
  budget: Budget,
  journal: Journal | undefined,
  note: (message: string) => void,
): void {
  if (journal === undefined) return;
  budget.chargeEarlierUncertain(journal.earlierUncertain);
  for (const entry of journal.entries()) {
    const call = settledCallOf(entry);
    const kind = call.phase === 'reflection' ? 'reflection' : 'rollout';
    const cost = budget.chargeEarlier(kind, call, entry.uncertain !== undefined);
    if (entry.uncertain !== undefined) budget.chargeEarlierUncertain({ ...zero, ...entry.uncertain });
    // Testset rollouts do not change what the search expects, so that a run that was over does not go on.
    if (call.isScored && call.retries === 0 && call.phase !== 'testset') budget.learnRollout(cost);
  }
  // Not a warning of the result, which should equal that of an uninterrupted run.
  for (const warning of budget.earlierWarnings) note(warning);
}

function checkedCondition(condition: conditions.StopCondition): conditions.StopCondition {
  return async (state) => {
    const reason: unknown = await condition(state);
    if (reason === undefined || (typeof reason === 'string' && reason !== '')) return reason;
    throw new StrategyError(
      `A stop condition returned ${JSON.stringify(reason)}. Return the reason to stop as a string, or undefined to go on.`,
    );
  };
}
