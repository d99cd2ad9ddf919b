import { modelCallUsage } from '../budget/usage.ts';
import { pause } from '../calls/pause.ts';
import type { GepaEvent } from '../events.ts';
import { defaults, presets, type Settings } from '../options/settings.ts';
import { createDispatcher } from '../run/dispatcher.ts';
import { prepareRun } from '../run/prepare.ts';
import { readExamples } from '../run/read-examples.ts';
import { RunSignal } from '../run/run-signal.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import { runSearch } from '../search/loop.ts';
import { startPool } from '../search/pool.ts';
import type { SearchContext } from '../search/search-context.ts';
import type { StopCondition } from '../search/strategies/stop-conditions.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { scoreTestset } from '../search/test-scores.ts';
import { warnOfFewProposals } from '../search/warn-of-few-proposals.ts';
import {
  amountsOf,
  type CallSize,
  type CallSizes,
  type Counts,
  type LimitedUnit,
  limitedUnits,
  limitNames,
  withoutSpendLimits,
} from './counts.ts';

/** The likely course of a run. */
export interface DryRun {
  readonly counts: Counts;
  readonly endsBy: StopReason;
  readonly isTested: boolean;
}

/** One in this number of proposals is assumed to be accepted. */
const PROPOSALS_PER_ACCEPTED = 3;

/** A longer run is extrapolated from here. */
const MAX_METRIC_CALLS = 20_000;
const MAX_ITERATIONS = 2_000;

/**
 * Runs the real search with stub effects: rollouts and proposals that take no time and report the given sizes. The defaults
 * replace custom strategies, which may keep state.
 *
 * @returns `undefined` when no limit that can be simulated ends the run.
 */
export async function dryRun(settings: Settings, sizes: CallSizes): Promise<DryRun | undefined> {
  const limits = simulatedLimits(settings, sizes);
  if (Object.keys(limits).length === 0) return undefined;
  const counter = new Counter(settings);
  const dispatcher = createDispatcher<string>();
  dispatcher.add((event) => counter.apply(event));
  const isOutOfTime: StopCondition = () => {
    const { durationMs = 0 } = amountsOf(counter, sizes);
    return durationMs >= (limits.maxDurationMs ?? Number.POSITIVE_INFINITY) ? 'maxDurationMs' : undefined;
  };
  const runSignal = new RunSignal(settings.signal);
  try {
    const stubs = { ...stubSettings(settings, sizes, limits), stopConditions: [isOutOfTime, cap] };
    const examples = await readExamples(stubs, dispatcher.warn, pause);
    const { search, calls, testset } = prepareRun(stubs, dispatcher, { runSignal, examples });
    const endsBy = await runSearch(search);
    calls.budget.releaseTestset();
    // No time is reserved for the testset.
    const isTested = endsBy !== 'maxDurationMs' && (await canScoreTestset(search, testset));
    return endsBy === 'cap' ? extrapolated(counter, limits, sizes) : { counts: counter, endsBy, isTested };
  } finally {
    runSignal.end();
  }
}

/** The warnings that the run will give before its first call. */
export async function warningsBeforehand(settings: Settings, sizes: CallSizes): Promise<readonly string[]> {
  const { maxMetricCalls } = settings;
  const limits = maxMetricCalls === undefined ? {} : { maxMetricCalls };
  const dispatcher = createDispatcher<string>();
  const runSignal = new RunSignal(undefined);
  try {
    const examples = await readExamples(settings, dispatcher.warn, pause);
    const { search } = prepareRun(stubSettings(settings, sizes, limits), dispatcher, { runSignal, examples });
    search.dispatch(search.started);
    startPool(search);
    warnOfFewProposals(search);
    return dispatcher.warnings;
  } finally {
    runSignal.end();
  }
}

async function canScoreTestset(
  { state, evaluator }: SearchContext<string>,
  testset: readonly ExampleRef[],
): Promise<boolean> {
  if (testset.length === 0) return false;
  const [seed, best] = [state.candidates[0]!, state.candidates[state.bestIndex]!];
  const warn = () => {};
  const test = await scoreTestset({ evaluator, testset, iteration: state.iteration, seed, best, warn });
  return !('interruption' in test);
}

type Limits = Pick<Settings, (typeof limitNames)[LimitedUnit]>;

/** The limits on units for which the size of every call is known. */
function simulatedLimits(settings: Settings, sizes: CallSizes): Limits {
  const oneOfEach = { iterations: 1, metricCalls: 1, reflections: 1, rolloutRounds: 1, reflectionRounds: 1 };
  const sizeOf = amountsOf(oneOfEach, sizes);
  return Object.fromEntries(
    limitedUnits
      .filter((unit) => sizeOf[unit] !== undefined)
      .map((unit) => [limitNames[unit], settings[limitNames[unit]]])
      .filter(([, limit]) => limit !== undefined),
  );
}

/** The settings with stubs for rollouts and proposals. */
function stubSettings(settings: Settings, sizes: CallSizes, limits: Limits): Settings {
  const rolloutUsage = usageOf(sizes.rollout);
  const reflectionUsage = usageOf(sizes.reflection);
  /** The number of proposals that led to a text. */
  const depths = new Map<string, number>();
  let proposals = 0;
  let tested = 0;
  const { adapter } = settings;
  return {
    ...withoutSpendLimits(settings),
    ...Object.fromEntries(
      Object.entries({ ...defaults, ...presets[settings.search] }).filter(([option]) =>
        isCustom(settings[option as keyof typeof defaults]),
      ),
    ),
    ...limits,
    reserve: { rollout: sizes.rollout as object, reflection: sizes.reflection as object },
    adapter: {
      components: adapter.components,
      run: async (candidate, _example, { exampleId }) => ({
        // Scores rise slowly from parent to child, with differences from example to example.
        output: Math.min(
          0.95,
          0.4 +
            0.05 * Math.max(...Object.values(candidate).map((text) => depths.get(text) ?? 0)) +
            0.3 * (pseudoRandom(`${JSON.stringify(candidate)}${exampleId}`) - 0.5),
        ),
        usage: rolloutUsage,
      }),
    },
    metric: ({ output }) => output as number,
    propose: async ({ candidate, components, meter }) => {
      (await meter!.begin()).end(reflectionUsage);
      const number = ++proposals;
      return Object.fromEntries(
        components.map((name) => {
          const text = `${candidate[name]} ${number}`;
          depths.set(text, 1 + (depths.get(candidate[name]!) ?? 0));
          return [name, text];
        }),
      );
    },
    acceptanceCriterion: () => ++tested % PROPOSALS_PER_ACCEPTED === 0,
    skipPerfectScore: false,
    frontierType: 'instance',
  };
}

/** Whether a strategy is a function or an object with a method, so that its behaviour is unknown. */
export function isCustom(strategy: unknown): boolean {
  if (typeof strategy !== 'object' || strategy === null) return typeof strategy === 'function';
  return ['select', 'next', 'sample'].some((method) => method in strategy);
}

const cap: StopCondition = ({ metricCalls, iterations }) =>
  metricCalls >= MAX_METRIC_CALLS || iterations >= MAX_ITERATIONS ? 'cap' : undefined;

const usageOf = ({ tokens, costUsd }: CallSize) => modelCallUsage({ inputTokens: tokens, costUsd });

/** A number in [0, 1) that depends on the text only. */
function pseudoRandom(text: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** Counts what a run does, by its events. */
class Counter implements Counts {
  iterations = 0;
  metricCalls = 0;
  reflections = 0;
  rolloutRounds = 0;
  reflectionRounds = 0;
  readonly #concurrency: Readonly<Record<'rollout' | 'reflection', number>>;
  /** Settled calls by iteration and phase. Calls of one iteration and phase run concurrently. */
  readonly #settled = new Map<string, number>();

  constructor({ concurrency, reflectionConcurrency }: Settings) {
    this.#concurrency = { rollout: concurrency, reflection: reflectionConcurrency };
  }

  apply(event: GepaEvent): void {
    if (event.type === 'iteration_started') this.iterations = event.iteration;
    if (event.type !== 'call_settled') return;
    const group = `${event.iteration} ${event.phase}`;
    const settled = this.#settled.get(group) ?? 0;
    this.#settled.set(group, settled + 1);
    this.metricCalls = event.metricCalls;
    const isNewRound = settled % this.#concurrency[event.what] === 0;
    if (event.what === 'reflection') {
      this.reflections += event.usage.modelCalls;
      if (isNewRound) this.reflectionRounds++;
    } else if (isNewRound) this.rolloutRounds++;
  }
}

/** Extrapolates the dry run up to the first limit of the run. */
function extrapolated(counts: Counts, limits: Limits, sizes: CallSizes): DryRun | undefined {
  const used = amountsOf(counts, sizes);
  const [nearest] = limitedUnits
    .map((unit) => ({
      endsBy: limitNames[unit],
      factor: (limits[limitNames[unit]] ?? Number.NaN) / (used[unit] || Number.NaN),
    }))
    .filter(({ factor }) => factor > 0)
    .sort((a, b) => a.factor - b.factor);
  if (nearest === undefined) return undefined;
  const { endsBy, factor } = nearest;
  const scaled = Object.entries(counts).map(([name, count]) => [name, Math.round(count * factor)]);
  return { counts: Object.fromEntries(scaled), endsBy, isTested: endsBy !== 'maxDurationMs' };
}
