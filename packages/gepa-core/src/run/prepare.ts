import { noTime, totalTime } from '../budget/spend.ts';
import type { CallEnvironment } from '../calls/call.ts';
import { componentNames, seedCandidateOf } from '../component.ts';
import type { DecisionEvent } from '../events.ts';
import type { Journal } from '../journal/journal.ts';
import { warnAboutPlaceholders } from '../options/data-warnings.ts';
import type { Settings } from '../options/settings.ts';
import { copyFinder, createLimits, type FindCopies } from '../reflection/answer/text-limits.ts';
import { maskedKnowledge } from '../reflection/knowledge.ts';
import { Memory } from '../reflection/memory/memory.ts';
import { createProposer } from '../reflection/propose.ts';
import { inProcess } from '../rollouts/in-process.ts';
import type { RolloutPlace, RolloutRun } from '../rollouts/rollouts.ts';
import { keyedDraws, sharedDraws } from '../search/draws.ts';
import { Evaluator } from '../search/evaluation/evaluator.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import { SearchLimits } from '../search/limits.ts';
import { MergeProposer } from '../search/merge/merge-proposer.ts';
import type { SearchContext } from '../search/search-context.ts';
import { SearchState } from '../search/state/state.ts';
import { createStrategies } from '../search/strategies/strategies.ts';
import type { Dispatcher } from './dispatcher.ts';
import { openCalls } from './open-calls.ts';
import type { ExampleRefs } from './read-examples.ts';
import type { RunSignal } from './run-signal.ts';
import { useEarlierRun } from './use-earlier-run.ts';

/** A run that is ready to start. */
export interface PreparedRun<Name extends string> {
  readonly runId: string;
  readonly search: SearchContext<Name>;
  readonly calls: CallEnvironment;
  readonly place: RolloutPlace<Name>;
  readonly testset: readonly ExampleRef[];
  readonly findCopies: FindCopies;
}

/** Creates the parts of a run and connects them. Makes no call. */
export function prepareRun<Name extends string>(
  settings: Settings<Name>,
  dispatcher: Dispatcher<Name>,
  {
    runSignal,
    journal,
    examples,
  }: {
    readonly runSignal: RunSignal;
    readonly journal?: Journal;
    readonly examples: ExampleRefs;
  },
): PreparedRun<Name> {
  const { adapter, mask, perfectScore } = settings;
  const { trainset, valset, testset } = examples;
  const { warn } = dispatcher;
  const names = componentNames(adapter.components);
  const runId = journal?.runId ?? crypto.randomUUID();
  warnAboutPlaceholders(adapter.components, warn);

  const state = new SearchState<Name>();
  const dispatch = (event: DecisionEvent<Name>) => {
    if (event.type === 'iteration_started' && !journal?.hasIteration(event.iteration)) {
      journal?.mark({ type: 'iteration', iteration: event.iteration });
    }
    state.apply(dispatcher.dispatch(event));
  };

  const calls = openCalls(settings, dispatcher, {
    signal: runSignal.signal,
    journal,
    testsetCalls: 2 * testset.length,
    // Not while the seed is scored: without a seed score there is nothing to test. Nor while a replay repeats a call that
    // is missing in the journal: the earlier session may have scored the testset after it.
    keepsTestset: () => state.iteration > 0 && !journal?.hasIteration(state.iteration + 1),
  });
  const place = choosePlace(settings, dispatcher, calls, runId, examples);
  const trainKeys = new Set(trainset.map(({ key }) => key));
  const evaluator = new Evaluator({
    ...settings,
    calls,
    place,
    perfectScore: settings.skipPerfectScore ? perfectScore : undefined,
    cache: settings.cacheEvaluation,
    isReflectedOn: (exampleKey) => trainKeys.has(exampleKey),
    readsImages: settings.reflectionModel?.readsImages === true,
    warn,
  });
  if (settings.earlier !== undefined) useEarlierRun(settings.earlier, evaluator, examples, dispatcher);

  const memory = new Memory({
    ...settings,
    state,
    names,
    trainset,
    toPlain: adapter.toPlain?.bind(adapter),
  });
  const findCopies = copyFinder(Object.values<string>(seedCandidateOf(adapter.components)), trainset);
  const propose = createProposer({
    calls,
    adapter,
    perfectScore,
    mask,
    maxRecordCharacters: settings.maxRecordCharacters,
    model: settings.reflectionModel,
    propose:
      settings.propose ??
      (settings.reflectionModel === undefined ? adapter.propose?.bind(adapter) : undefined),
    templates: settings.reflectionPromptTemplate,
    concurrency: settings.reflectionConcurrency,
    knowledge: maskedKnowledge(settings, mask),
    memory,
    checkLimits: createLimits(settings, findCopies),
    warn,
  });

  const draws =
    settings.search === 'reference'
      ? sharedDraws(settings.seed)
      : keyedDraws(settings.seed, () => state.iteration);
  const limits = new SearchLimits(settings, { ...calls, state, runSignal });
  const strategies = createStrategies(settings, {
    draws,
    trainsetSize: trainset.length,
    minibatchSize: settings.reflectionMinibatchSize,
    metricCalls: () => limits.metricCalls(),
  });
  const merger = new MergeProposer<Name>({
    names,
    draws,
    minOverlap: settings.mergeValOverlapFloor,
    isNew: (texts) => !settings.skipDuplicates || !state.has(texts),
  });
  const search: SearchContext<Name> = {
    settings,
    started: startedEvent(settings, runId, journal),
    names,
    trainset,
    valset,
    state,
    dispatch,
    evaluator,
    propose,
    memory,
    merger: settings.useMerge ? merger : undefined,
    strategies,
    draws,
    limits,
    spend: calls.spend,
    warn,
  };
  return { runId, search, calls, place, testset, findCopies };
}

/** Where the rollouts are made: in this process, unless the option `rollouts` names another place. */
function choosePlace<Name extends string>(
  { adapter, metric, mask, rolloutTimeoutMs, rollouts }: Settings<Name>,
  { note, warn }: Dispatcher<Name>,
  { signal, budget, journal }: CallEnvironment,
  runId: string,
  { trainset, valset, testset }: ExampleRefs,
): RolloutPlace<Name> {
  const run: RolloutRun<Name> = {
    runId,
    adapter,
    metric,
    // An example in several sets has the id of the first.
    examples: [...new Map([...testset, ...valset, ...trainset].map((ref) => [ref.key, ref])).values()],
    rolloutTimeoutMs,
    admitsCalls: !budget.isDeclared('rollout'),
    hasJournal: journal !== undefined,
    mask,
    signal,
    note,
    warn,
  };
  return rollouts?.placeFor(run) ?? inProcess(run);
}

function startedEvent<Name extends string>(
  settings: Settings<Name>,
  runId: string,
  journal: Journal | undefined,
): SearchContext<Name>['started'] {
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
