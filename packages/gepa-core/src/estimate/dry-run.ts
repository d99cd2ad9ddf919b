import { PriceBook } from '../budget/prices.ts';
import { modelCallUsage, type Usage } from '../budget/usage.ts';
import { RunSignal } from '../calls/run-signal.ts';
import { createDispatcher } from '../dispatcher.ts';
import type { GepaEvent } from '../events.ts';
import type { Settings } from '../options/settings.ts';
import { runSearch } from '../search/loop.ts';
import { prepareRun } from '../search/prepare.ts';
import type { StopCondition, StopReason } from '../search/strategies/stop-conditions.ts';
import { scoreTestset } from '../search/test-scores.ts';
import type { CallSize } from './call-size.ts';

/** How much of a run happens. */
export interface Counts {
  readonly iterations: number;
  readonly metricCalls: number;
  readonly reflections: number;
  /** Rollouts one after the other. */
  readonly rolloutRounds: number;
  /** Reflections one after the other. */
  readonly reflectionRounds: number;
}

/** The likely course of a run. */
export interface DryRun {
  readonly counts: Counts;
  readonly endsBy: StopReason;
  readonly isTested: boolean;
}

export interface CallSizes {
  readonly rollout: CallSize;
  readonly reflection: CallSize;
}

/** One of so many proposals is assumed to be accepted. */
export const PROPOSALS_PER_ACCEPTED = 3;

/** A longer dry run is scaled up from here. */
const MAX_METRIC_CALLS = 20_000;
const MAX_ITERATIONS = 2_000;

/**
 * Runs the real search with stub effects: rollouts and proposals that take no time and report the given sizes. Strategies
 * of the caller's own are replaced by the defaults, since they may keep state.
 *
 * @returns `undefined` when no limit that can be simulated ends the run.
 */
export async function dryRun<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  sizes: CallSizes,
): Promise<DryRun | undefined> {
  const limits = simulatedLimits(settings, sizes);
  if (Object.values(limits).every((limit) => limit === undefined)) return undefined;
  const counter = new Counter(settings.concurrency);
  const stub = stubSettings(settings, sizes, limits, counter);
  const dispatcher = createDispatcher<Name>();
  dispatcher.add((event) => counter.apply(event));
  const runSignal = new RunSignal(settings.signal);
  try {
    const { search, calls, testset } = prepareRun(stub, dispatcher, runSignal, undefined);
    const { state, evaluator } = search;
    const endsBy = await runSearch(search);
    calls.budget.releaseTestset();
    const [seed, best] = [state.candidates[0]!, state.candidates[state.bestIndex]!];
    // Time is not kept for the testset.
    const test =
      testset.length === 0 || endsBy === 'maxDurationMs'
        ? undefined
        : await scoreTestset({ evaluator, testset, iteration: state.iteration, seed, best, warn: () => {} });
    const isTested = test !== undefined && !('interruption' in test);
    const counts = counter.counts(state.iteration, calls.spend.metricCalls);
    return endsBy === 'cap' ? scaled(counts, limits, sizes) : { counts, endsBy, isTested };
  } finally {
    runSignal.end();
  }
}

type Limits = Pick<
  Settings<never, never, never, never>,
  'maxMetricCalls' | 'maxIterations' | 'maxCostUsd' | 'maxTokens' | 'maxDurationMs'
>;

/** The limits on what is known of calls. */
function simulatedLimits<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  { rollout, reflection }: CallSizes,
): Limits {
  const { maxMetricCalls, maxIterations, maxCostUsd, maxTokens, maxDurationMs } = settings;
  const isKnown = (unit: keyof CallSize) => rollout[unit] !== undefined && reflection[unit] !== undefined;
  return {
    ...(maxMetricCalls === undefined ? {} : { maxMetricCalls }),
    ...(maxIterations === undefined ? {} : { maxIterations }),
    ...(maxCostUsd === undefined || !isKnown('costUsd') ? {} : { maxCostUsd }),
    ...(maxTokens === undefined || !isKnown('tokens') ? {} : { maxTokens }),
    ...(maxDurationMs === undefined || !isKnown('durationMs') ? {} : { maxDurationMs }),
  };
}

/** Settings of the same search whose effects are stubs. */
function stubSettings<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  sizes: CallSizes,
  limits: Limits,
  counter: Counter,
): Settings<Example, number, Trace, Name> {
  const { samplingStrategy, componentSelector, batchSampler, candidateSelectionStrategy } = settings;
  const { selectionStrategy, reflectionModel } = settings;
  const isOwn = (strategy: unknown) =>
    typeof strategy === 'function' ||
    (typeof strategy === 'object' &&
      Object.values(strategy ?? {}).some((part) => typeof part === 'function'));
  const named = <T>(strategy: T, otherwise: T): T => (isOwn(strategy) ? otherwise : strategy);
  const usages = { rollout: usageOf(sizes.rollout), reflection: usageOf(sizes.reflection) };
  let proposals = 0;
  let tested = 0;
  const { maxMetricCalls: _, maxIterations: __, maxCostUsd, maxTokens, maxDurationMs, ...rest } = settings;
  const { reflectionModel: ___, runDir, onEvent, progress, adapter, ...shared } = rest;
  const { maxDurationMs: simulatedMs, ...hardLimits } = limits;
  return {
    ...shared,
    ...hardLimits,
    adapter: {
      components: adapter.components,
      run: async (candidate, _example, { exampleId }) => ({
        output: pseudoRandom(`${JSON.stringify(candidate)}${exampleId}`),
        usage: usages.rollout,
      }),
    },
    metric: ({ output }) => output,
    propose: async ({ candidate, components, meter }) => {
      const asked = reflectionModel === undefined ? 1 : components.length;
      counter.reflections += asked;
      for (let i = 0; i < asked; i++) (await meter!.begin()).end(usages.reflection);
      const number = ++proposals;
      return Object.fromEntries(components.map((name) => [name, `${candidate[name]} ${number}`])) as Partial<
        Record<Name, string>
      >;
    },
    acceptanceCriterion: () => ++tested % PROPOSALS_PER_ACCEPTED === 0,
    skipPerfectScore: false,
    valEvaluationPolicy: 'full_eval',
    candidateSelectionStrategy: named(candidateSelectionStrategy, 'pareto'),
    componentSelector: named(componentSelector, 'round_robin'),
    batchSampler: named(batchSampler, 'epoch_shuffled'),
    samplingStrategy: named(samplingStrategy, 'single'),
    selectionStrategy: named(selectionStrategy, 'all'),
    frontierType: 'instance',
    reserve: { rollout: sizes.rollout as object, reflection: sizes.reflection as object },
    prices: new PriceBook({}),
    retry: {},
    stopConditions: [counter.stopAfter(simulatedMs, sizes), cap],
  };
}

const cap: StopCondition = ({ metricCalls, iterations }) =>
  metricCalls >= MAX_METRIC_CALLS || iterations >= MAX_ITERATIONS ? 'cap' : undefined;

function usageOf({ tokens, costUsd }: CallSize): Usage {
  return modelCallUsage({ inputTokens: tokens, costUsd });
}

/** The same number in [0, 1) for the same text. */
function pseudoRandom(text: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** Counts what a dry run does, and how much of it happens one after the other. */
class Counter {
  reflections = 0;
  readonly #concurrency: number;
  /** Rollouts that run at once, by iteration, phase and candidate. */
  readonly #groups = new Map<string, number>();
  #rolloutRounds = 0;
  #reflectionRounds = 0;
  #lastReflection = -1;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  apply(event: GepaEvent): void {
    if (event.type !== 'call_settled') return;
    if (event.what === 'reflection') {
      if (event.iteration !== this.#lastReflection) this.#reflectionRounds++;
      this.#lastReflection = event.iteration;
      return;
    }
    const group = `${event.iteration} ${event.phase}`;
    const count = this.#groups.get(group) ?? 0;
    if (count % this.#concurrency === 0) this.#rolloutRounds++;
    this.#groups.set(group, count + 1);
  }

  /** Ends the dry run by its simulated time. */
  stopAfter(maxDurationMs: number | undefined, sizes: CallSizes): StopCondition {
    return ({ iterations, metricCalls }) =>
      maxDurationMs !== undefined &&
      (durationOf(this.counts(iterations, metricCalls), sizes) ?? 0) >= maxDurationMs
        ? 'maxDurationMs'
        : undefined;
  }

  counts(iterations: number, metricCalls: number): Counts {
    return {
      iterations,
      metricCalls,
      reflections: this.reflections,
      rolloutRounds: this.#rolloutRounds,
      reflectionRounds: this.#reflectionRounds,
    };
  }
}

export function durationOf(counts: Counts, { rollout, reflection }: CallSizes): number | undefined {
  return total(counts.rolloutRounds, rollout.durationMs, counts.reflectionRounds, reflection.durationMs);
}

export function amountOf(
  { metricCalls, reflections }: Counts,
  { rollout, reflection }: CallSizes,
  unit: 'tokens' | 'costUsd',
): number | undefined {
  return total(metricCalls, rollout[unit], reflections, reflection[unit]);
}

function total(
  rollouts: number,
  perRollout: number | undefined,
  reflections: number,
  perReflection: number | undefined,
): number | undefined {
  const [a, b] = [product(rollouts, perRollout), product(reflections, perReflection)];
  return a === undefined || b === undefined ? undefined : a + b;
}

function product(count: number, size: number | undefined): number | undefined {
  if (count === 0 || size === 0) return 0;
  return size === undefined ? undefined : count * size;
}

/** A run that goes on like the dry run until its first limit. */
function scaled(counts: Counts, limits: Limits, sizes: CallSizes): DryRun | undefined {
  const { maxMetricCalls, maxIterations, maxCostUsd, maxTokens, maxDurationMs } = limits;
  const factors: [StopReason, number | undefined, number | undefined][] = [
    ['maxMetricCalls', maxMetricCalls, counts.metricCalls],
    ['maxIterations', maxIterations, counts.iterations],
    ['maxCostUsd', maxCostUsd, amountOf(counts, sizes, 'costUsd')],
    ['maxTokens', maxTokens, amountOf(counts, sizes, 'tokens')],
    ['maxDurationMs', maxDurationMs, durationOf(counts, sizes)],
  ];
  const [nearest] = factors
    .flatMap(([endsBy, limit, used]) => (limit && used ? [{ endsBy, factor: limit / used }] : []))
    .sort((a, b) => a.factor - b.factor);
  if (nearest === undefined) return undefined;
  const { endsBy, factor } = nearest;
  const scaledCounts = Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, Math.round(count * factor)]),
  ) as unknown as Counts;
  return { counts: scaledCounts, endsBy, isTested: endsBy !== 'maxDurationMs' };
}
