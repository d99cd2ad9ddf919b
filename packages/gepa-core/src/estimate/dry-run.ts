import type { CallKind } from '../budget/max-of-call.ts';
import { modelCallUsage } from '../budget/usage.ts';
import { pause } from '../calls/pause.ts';
import type { GepaEvent } from '../events.ts';
import { defaults, presets, type Settings } from '../options/settings.ts';
import { createDispatcher } from '../run/dispatcher.ts';
import { prepareRun } from '../run/prepare.ts';
import { readExamples } from '../run/read-examples.ts';
import { RunSignal } from '../run/run-signal.ts';
import { runSearch } from '../search/loop.ts';
import type { StopCondition } from '../search/strategies/stop-conditions.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { scoreTestset } from '../search/test-scores.ts';
import {
  type CallSize,
  type CallSizes,
  type LimitedUnit,
  limitedUnits,
  limitNames,
  type Totals,
  totalsOf,
  withoutSpendLimits,
} from './counts.ts';

/** The likely course of a run; only its warnings when no limit that can be simulated ends it. */
export interface DryRun {
  readonly totals?: Totals;
  readonly endsBy?: StopReason;
  readonly isTested?: boolean;
  /** The warnings that the run will give before its first call. */
  readonly warnings: readonly string[];
}

/** One in this number of proposals is assumed to be accepted. */
const PROPOSALS_PER_ACCEPTED = 3;

/** Begins what a proposal adds to a text. */
const NEW_TEXT = '\nproposal ';

/** A longer run is extrapolated from here. */
const MAX_METRIC_CALLS = 20_000;
const MAX_ITERATIONS = 2_000;

/**
 * Runs the real search with stub effects: rollouts and proposals that take no time and report the given sizes. The defaults
 * replace custom strategies, which may keep state.
 */
export async function dryRun(settings: Settings, sizes: CallSizes): Promise<DryRun> {
  const limits = simulatedLimits(settings, sizes);
  const isEndless = Object.keys(limits).length === 0;
  const counter = new Counter(settings);
  const dispatcher = createDispatcher<string>();
  dispatcher.add((event) => counter.apply(event));
  const isOutOfTime: StopCondition = () => {
    const { durationMs = 0 } = totalsOf(0, counter, sizes);
    return durationMs >= (limits.maxDurationMs ?? Number.POSITIVE_INFINITY) ? 'maxDurationMs' : undefined;
  };
  const cap: StopCondition = ({ metricCalls, iterations }) =>
    isEndless || metricCalls >= MAX_METRIC_CALLS || iterations >= MAX_ITERATIONS ? 'cap' : undefined;
  const runSignal = new RunSignal(settings.signal);
  try {
    const stubs = { ...stubSettings(settings, sizes, limits), stopConditions: [isOutOfTime, cap] };
    const examples = await readExamples(settings, dispatcher.warn, pause);
    const { search, calls, testset } = prepareRun(stubs, dispatcher, { runSignal, examples });
    const searching = runSearch(search);
    // The search has only begun its first call.
    const warnings = [...dispatcher.warnings];
    const endsBy = await searching;
    calls.budget.releaseTestset();
    const { evaluator, warn } = search;
    const { iteration, candidates, bestIndex } = search.state;
    const [seed, best] = [candidates[0]!, candidates[bestIndex]!];
    // No time is reserved for the testset.
    const test =
      testset.length === 0 || endsBy === 'maxDurationMs'
        ? undefined
        : await scoreTestset({ evaluator, testset, iteration, seed, best, warn });
    const isTested = test !== undefined && !('interruption' in test);
    const totals = totalsOf(iteration, counter, sizes);
    return { warnings, ...(endsBy === 'cap' ? extrapolated(totals, limits) : { totals, endsBy, isTested }) };
  } finally {
    runSignal.end();
  }
}

type Limits = Pick<Settings, (typeof limitNames)[LimitedUnit]>;

/** The limits on units for which the size of every call is known. */
function simulatedLimits(settings: Settings, sizes: CallSizes): Limits {
  const one = { calls: 1, rounds: 1 };
  const sizeOf = totalsOf(1, { rollout: one, reflection: one }, sizes);
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
  let proposals = 0;
  let tested = 0;
  const { adapter } = settings;
  return {
    ...settings,
    ...withoutSpendLimits,
    ...insteadOfCustom(settings),
    ...limits,
    reserve: sizes,
    adapter: {
      components: adapter.components,
      run: async (candidate, _example, { exampleId }) => ({
        // Scores rise slowly from parent to child, with differences from example to example.
        output: Math.min(
          0.95,
          0.4 +
            0.05 * Math.max(...Object.values(candidate).map(proposalsIn)) +
            0.3 * (pseudoRandom(`${JSON.stringify(candidate)}${exampleId}`) - 0.5),
        ),
        usage: rolloutUsage,
      }),
    },
    metric: ({ output }) => output as number,
    propose: async ({ candidate, components, meter }) => {
      (await meter!.begin()).end(reflectionUsage);
      const text = `${NEW_TEXT}${++proposals}`;
      return Object.fromEntries(components.map((name) => [name, candidate[name] + text]));
    },
    acceptanceCriterion: () => ++tested % PROPOSALS_PER_ACCEPTED === 0,
    skipPerfectScore: false,
    frontierType: 'instance',
  };
}

/** The number of proposals that led to a text. */
const proposalsIn = (text: string) => text.split(NEW_TEXT).length - 1;

/** The defaults for strategies that are functions or objects with a method, so that their behaviour is unknown. */
export function insteadOfCustom(settings: Settings): Partial<Settings> {
  const isCustom = (strategy: unknown) =>
    typeof strategy === 'function' ||
    ['select', 'next', 'sample'].some((method) => method in Object(strategy));
  return Object.fromEntries(
    Object.entries({ ...defaults, ...presets[settings.search] }).filter(([option]) =>
      isCustom(settings[option as keyof typeof defaults]),
    ),
  );
}

const usageOf = ({ tokens, costUsd }: CallSize) => modelCallUsage({ inputTokens: tokens, costUsd });

/** A number in [0, 1) that depends on the text only. */
function pseudoRandom(text: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** Counts calls by the events of a run. Those of one iteration and phase run concurrently. */
class Counter {
  readonly rollout = { calls: 0, rounds: 0 };
  readonly reflection = { calls: 0, rounds: 0 };
  readonly #concurrency: Readonly<Record<CallKind, number>>;
  /** Settled calls by iteration and phase. */
  readonly #settled = new Map<string, number>();

  constructor({ concurrency, reflectionConcurrency }: Settings) {
    this.#concurrency = { rollout: concurrency, reflection: reflectionConcurrency };
  }

  apply(event: GepaEvent): void {
    if (event.type !== 'call_settled') return;
    const group = `${event.iteration} ${event.phase}`;
    const settled = this.#settled.get(group) ?? 0;
    this.#settled.set(group, settled + 1);
    if (settled % this.#concurrency[event.what] === 0) this[event.what].rounds++;
    this.rollout.calls = event.metricCalls;
    if (event.what === 'reflection') this.reflection.calls += event.usage.modelCalls;
  }
}

/** Extrapolates the dry run up to the first limit of the run. */
function extrapolated(totals: Totals, limits: Limits): Omit<DryRun, 'warnings'> {
  const [nearest] = limitedUnits
    .map((unit) => ({
      endsBy: limitNames[unit],
      factor: (limits[limitNames[unit]] ?? Number.NaN) / (totals[unit] || Number.NaN),
    }))
    .filter(({ factor }) => factor > 0)
    .sort((a, b) => a.factor - b.factor);
  if (nearest === undefined) return {};
  const { endsBy, factor } = nearest;
  const scaled = Object.entries(totals).map(([unit, total]) => [unit, total && total * factor]);
  return { totals: Object.fromEntries(scaled), endsBy, isTested: endsBy !== 'maxDurationMs' };
}
