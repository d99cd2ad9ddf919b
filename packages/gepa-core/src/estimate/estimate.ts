import type { Step } from '../adapter/trace.ts';
import type { Usage } from '../budget/usage.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from '../options/options.ts';
import { resolveOptions, type Settings } from '../options/settings.ts';
import type { StopReason } from '../search/strategies/stop-conditions.ts';
import { atMost, reflectionSize, rolloutSize } from './call-size.ts';
import { ceilingOf } from './ceiling.ts';
import { amountOf, type CallSizes, type Counts, type DryRun, dryRun, durationOf } from './dry-run.ts';
import { assumptionsOf, warningsOf } from './explain.ts';
import { type Measurement, measureRollout } from './measure-rollout.ts';

/** An estimated amount. */
export interface Estimated {
  /** Under the listed assumptions; `undefined` where it is unknown. */
  readonly expected: number | undefined;
  /** `Infinity` where nothing limits it, or the size of one call is unknown. */
  readonly worst: number;
}

/** What a run will take, without retries. */
export interface RunEstimate {
  /** Scored rollouts, testset included. */
  readonly metricCalls: Estimated;
  readonly iterations: Estimated;
  /** Calls of the reflection model, or of your own proposer. */
  readonly reflections: Estimated;
  /** Input and output tokens of program, judge and reflection. */
  readonly tokens: Estimated;
  readonly costUsd: Estimated;
  readonly durationMs: Estimated;
  /** The limit that is expected to end the run; `undefined` where none is known beforehand. */
  readonly endsBy: StopReason | undefined;
  /** The measured rollout, with `measure`. */
  readonly measured?: {
    readonly usage: Usage | undefined;
    readonly durationMs: number;
    readonly score: number;
  };
  /** What to fix before the run, such as limits that leave no room to search. */
  readonly warnings: readonly string[];
  /** The assumptions behind `expected`, one sentence each. */
  readonly assumptions: readonly string[];
}

export interface EstimateOptions {
  /**
   * Runs the seed once, on the first training example, with its metric, to measure the tokens, dollars and time of a
   * rollout. Default `false`: nothing is spent.
   */
  readonly measure?: boolean;
}

/**
 * Estimates what `optimize` with the same options will take: `expected` by a dry run of the search with stub rollouts and
 * proposals, `worst` as a ceiling.
 *
 * @example
 * console.log(describeEstimate(await estimate(options, { measure: true })));
 *
 * @throws {OptionsError} with every problem of the options.
 * @throws {SeedError} when the seed cannot be measured.
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
  // The estimate may be asked for in order to choose `reserve`.
  const settings = await resolveOptions(options, { needsReserve: false });
  await settings.prices.load();
  const measurement = measure ? await measureRollout(settings) : undefined;
  const { likely, largest } = sizesOf(settings, measurement);
  const expected = await dryRun(settings, likely);
  const ceiling = ceilingOf(settings);
  const counted = (unit: 'metricCalls' | 'iterations' | 'reflections', limit?: number) =>
    estimated(expected?.counts[unit], ceiling[unit], limit, Math.round);
  const spent = (unit: 'tokens' | 'costUsd', limitName: 'maxTokens' | 'maxCostUsd') =>
    metered(
      expected,
      ceiling,
      limitName,
      settings[limitName],
      (counts, sizes) => amountOf(counts, sizes, unit),
      {
        likely,
        largest,
      },
    );
  const { maxMetricCalls, maxIterations, maxDurationMs } = settings;
  return {
    metricCalls: counted('metricCalls', maxMetricCalls),
    iterations: counted('iterations', maxIterations),
    reflections: counted('reflections'),
    tokens: spent('tokens', 'maxTokens'),
    costUsd: spent('costUsd', 'maxCostUsd'),
    durationMs: metered(expected, ceiling, 'maxDurationMs', maxDurationMs, durationOf, { likely, largest }),
    endsBy: expected?.endsBy,
    ...(measurement === undefined
      ? {}
      : {
          measured: {
            usage: measurement.usage,
            durationMs: measurement.durationMs,
            score: measurement.rollout.score,
          },
        }),
    warnings: warningsOf(settings, expected, measurement),
    assumptions: assumptionsOf(settings, expected, measurement !== undefined),
  };
}

/** The likely size of calls, and the largest: with a declared maximum, or with records as long as they may be. */
function sizesOf<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  measurement: Measurement<Example, Output, Trace> | undefined,
): { readonly likely: CallSizes; readonly largest: CallSizes } {
  const { reserve = {} } = settings;
  const asksModel = settings.reflectionModel !== undefined;
  const rollout = rolloutSize(measurement);
  return {
    likely: { rollout, reflection: asksModel ? reflectionSize(settings, measurement) : free },
    largest: {
      rollout: atMost(rollout, reserve.rollout),
      reflection: asksModel ? atMost(reflectionSize(settings, undefined), reserve.reflection) : free,
    },
  };
}

/** The calls of the caller's own proposer are not counted in tokens, dollars and time. */
const free = { tokens: 0, costUsd: 0, durationMs: 0 };

function metered(
  expected: DryRun | undefined,
  ceiling: Counts,
  limitName: StopReason,
  limit: number | undefined,
  amount: (counts: Counts, sizes: CallSizes) => number | undefined,
  { likely, largest }: { readonly likely: CallSizes; readonly largest: CallSizes },
): Estimated {
  const isReached = expected?.endsBy === limitName;
  const simulated = expected === undefined ? undefined : amount(expected.counts, likely);
  const worst = amount(ceiling, largest) ?? Number.POSITIVE_INFINITY;
  return estimated(
    isReached ? limit : simulated,
    worst,
    limit,
    limitName === 'maxCostUsd' ? undefined : Math.round,
  );
}

function estimated(
  expected: number | undefined,
  ceiling: number,
  limit = Number.POSITIVE_INFINITY,
  round: (value: number) => number = (value) => value,
): Estimated {
  const worst = Math.min(limit, round(ceiling));
  return { expected: expected === undefined ? undefined : Math.min(round(expected), worst), worst };
}
