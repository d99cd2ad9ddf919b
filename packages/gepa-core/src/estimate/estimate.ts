import type { Step } from '../adapter/trace.ts';
import type { Usage } from '../budget/usage.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from '../options/options.ts';
import { resolveOptions, type Settings } from '../options/settings.ts';
import type { StopReason } from '../search/strategies/stop-conditions.ts';
import { callSizes } from './call-sizes.ts';
import { type Bounds, type ExpectedCourse, expectedCourse } from './expected-course.ts';
import { assumptionsOf, warningsOf } from './explain.ts';
import { type Amount, amountOf, type CallSizes, type Load } from './load.ts';
import { measureRollout } from './measure-rollout.ts';
import { searchSize } from './search-size.ts';
import { type Asks, worstCourse } from './worst-course.ts';

/** How much of something a run will take. */
export interface Estimated {
  /** On the assumptions that the estimate lists; `undefined` where it cannot be told. */
  readonly expected: number | undefined;
  /** `Infinity` where nothing bounds it, or what one call takes is not known. */
  readonly worst: number;
}

/** What a run will take, as far as that can be said before it. Retries come on top. */
export interface RunEstimate {
  /** Scored rollouts, testset included. `worst` is a ceiling. */
  readonly metricCalls: Estimated;
  readonly iterations: Estimated;
  /** Calls of the reflection model, or of a proposer of your own. */
  readonly reflections: Estimated;
  /** Tokens, sent and written, of program, judge and reflection. */
  readonly tokens: Estimated;
  readonly costUsd: Estimated;
  readonly durationMs: Estimated;
  /** The bound that is expected to end the run; `undefined` where none can be told beforehand. */
  readonly endsBy: StopReason | undefined;
  /** The measured rollout, if there was one. */
  readonly measured?: {
    readonly usage: Usage | undefined;
    readonly durationMs: number;
    readonly score: number;
  };
  /** What the bounds do not leave room for, and the like. */
  readonly warnings: readonly string[];
  /** What the expected numbers stand on, a sentence each. */
  readonly assumptions: readonly string[];
}

export interface EstimateOptions {
  /**
   * Whether the seed may be run once, on the first training example, with its metric: that tells what a rollout takes
   * in tokens, dollars and time. Default `false`, and then nothing is spent.
   */
  readonly measure?: boolean;
}

/**
 * Says before the run what `optimize` with the same options will take.
 *
 * @example
 * console.log(describeEstimate(await estimate(options, { measure: true })));
 *
 * @throws {OptionsError} with every problem of the options.
 * @throws {SeedError} when the seed was to be measured and could not be run.
 */
export function estimate<Example, Output, Trace = readonly Step[], Name extends string = string>(
  options: AdapterOptions<Example, Output, Trace, Name>,
  how?: EstimateOptions,
): Promise<RunEstimate>;
export function estimate<Example, Output, Trace = readonly Step[], Name extends string = string>(
  options: FunctionOptions<Example, Output, Trace, Name>,
  how?: EstimateOptions,
): Promise<RunEstimate>;
export async function estimate<Example, Output, Trace, Name extends string>(
  options: OptimizeOptions<Example, Output, Trace, Name>,
  { measure = false }: EstimateOptions = {},
): Promise<RunEstimate> {
  // What is to be reserved may be what is asked for.
  const settings = await resolveOptions(options, { needsReserve: false });
  await settings.prices.load();
  const measurement = measure ? await measureRollout(settings) : undefined;
  const size = searchSize(settings);
  const asks: Asks = settings.reflectionModel === undefined ? 'once' : 'byComponent';
  const { likely, most } = callSizes(settings, asks, measurement, size.minibatch);
  const bounds = boundsOf(settings);
  const { concurrency, useMerge, maxMergeInvocations, cacheEvaluation, adapter } = settings;
  const expected = expectedCourse(size, likely, bounds, {
    // A single component holds nothing to cross.
    maxMerges: useMerge && Object.keys(adapter.components).length > 1 ? maxMergeInvocations : 0,
    concurrency,
    asks,
  });
  const worst = worstCourse(size, bounds, { cache: cacheEvaluation, merges: useMerge, concurrency, asks });
  const told = (amount: Amount) => estimated(amount, { expected, worst, likely, most, bounds });
  return {
    metricCalls: told('metricCalls'),
    iterations: told('iterations'),
    reflections: told('reflections'),
    tokens: told('tokens'),
    costUsd: told('costUsd'),
    durationMs: told('durationMs'),
    endsBy: expected === undefined ? undefined : optionNames[expected.endsBy],
    ...(measurement === undefined
      ? {}
      : {
          measured: {
            usage: measurement.usage,
            durationMs: measurement.durationMs,
            score: measurement.rollout.score,
          },
        }),
    warnings: warningsOf({ settings, asks, expected, measurement }),
    assumptions: assumptionsOf({ settings, asks, expected, measurement }),
  };
}

const optionNames: Readonly<Record<keyof Bounds, StopReason>> = {
  metricCalls: 'maxMetricCalls',
  iterations: 'maxIterations',
  tokens: 'maxTokens',
  costUsd: 'maxCostUsd',
  durationMs: 'maxDurationMs',
};

function boundsOf<Example, Output, Trace, Name extends string>({
  maxMetricCalls = Number.POSITIVE_INFINITY,
  maxIterations = Number.POSITIVE_INFINITY,
  maxTokens = Number.POSITIVE_INFINITY,
  maxCostUsd = Number.POSITIVE_INFINITY,
  maxDurationMs = Number.POSITIVE_INFINITY,
}: Settings<Example, Output, Trace, Name>): Bounds {
  return {
    metricCalls: maxMetricCalls,
    iterations: maxIterations,
    tokens: maxTokens,
    costUsd: maxCostUsd,
    durationMs: maxDurationMs,
  };
}

function estimated(
  amount: Amount,
  courses: {
    readonly expected: ExpectedCourse | undefined;
    readonly worst: Load;
    readonly likely: CallSizes;
    readonly most: CallSizes;
    readonly bounds: Bounds;
  },
): Estimated {
  const bound = amount === 'reflections' ? Number.POSITIVE_INFINITY : courses.bounds[amount];
  const exact = (value: number) => (amount === 'costUsd' ? value : Math.round(value));
  const dearest = amountOf(courses.worst, courses.most, amount) ?? Number.POSITIVE_INFINITY;
  const worst = Math.min(bound, exact(dearest));
  const { expected } = courses;
  const likely = expected === undefined ? undefined : amountOf(expected.load, courses.likely, amount);
  return { expected: likely === undefined ? undefined : Math.min(exact(likely), worst), worst };
}
