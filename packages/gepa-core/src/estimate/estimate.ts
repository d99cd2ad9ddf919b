import type { Step } from '../adapter/trace.ts';
import { Budget } from '../budget/budget.ts';
import { explainTooLarge, shown } from '../budget/limit-messages.ts';
import type { Usage } from '../budget/usage.ts';
import { checkOptions } from '../check-options.ts';
import { aFlag } from '../kinds.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from '../options/options.ts';
import { reserveProblems, resolveOptions, type Settings } from '../options/settings.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { callSizes } from './call-size.ts';
import { ceilingOf } from './ceiling.ts';
import { limitNames, type Totals } from './counts.ts';
import { dryRun } from './dry-run.ts';
import { assumptionsOf, warningsOf } from './explain.ts';
import { type Measurement, measureRollout } from './measure-rollout.ts';

/** An estimated amount. */
export interface Estimated {
  /** Under the listed assumptions; `undefined` where it is unknown. */
  readonly expected: number | undefined;
  /** `Infinity` where nothing limits it, or the size of one call is unknown. */
  readonly worst: number;
}

/** The amounts that a run takes, without retries. */
export interface RunEstimate {
  /** Scored rollouts, testset included. */
  readonly metricCalls: Estimated;
  readonly iterations: Estimated;
  /** Calls of the reflection model, or of a custom proposer. */
  readonly reflections: Estimated;
  /** Input and output tokens of program, judge and reflection. */
  readonly tokens: Estimated;
  readonly costUsd: Estimated;
  /** `worst` is `maxDurationMs`: a call may take any time up to its timeout. */
  readonly durationMs: Estimated;
  /** The limit that is expected to end the run; `undefined` where none is known beforehand. */
  readonly endsBy: StopReason | undefined;
  /** The measured rollout, with `measure`. */
  readonly measured?: {
    readonly usage: Usage | undefined;
    readonly durationMs: number;
    readonly score: number;
  };
  /**
   * Why a run would refuse these options, one sentence each. Without `measure`, it is unknown whether a model call is too
   * large for a limit; `warnings` then says so.
   */
  readonly refusals: readonly string[];
  /** Problems to fix before the run, such as limits that leave no room to search. */
  readonly warnings: readonly string[];
  /** The assumptions behind `expected`, one sentence each. */
  readonly assumptions: readonly string[];
}

export interface EstimateOptions {
  /**
   * Runs the seed once, on the first training example, with its metric, to measure the tokens, dollars and time of a
   * rollout. Default `false`: nothing is spent.
   */
  readonly measure?: boolean | undefined;
}

/**
 * Estimates the metric calls, tokens, cost and time of `optimize` with the same options. `expected` comes from a dry run of
 * the search with stub rollouts and proposals, `worst` is a maximum.
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
  how: EstimateOptions = {},
): Promise<RunEstimate> {
  checkOptions(how, { measure: aFlag });
  // An estimate can help to choose `reserve`.
  const settings = (await resolveOptions(options, { needsReserve: false })) as Settings;
  await settings.prices.load();
  const measurement = how.measure ? await measureRollout(settings) : undefined;
  const { likely, largest } = await callSizes(settings, measurement);
  const run = await dryRun(settings, likely);
  const ceiling = ceilingOf(settings, largest);
  const budget = new Budget(settings);

  const estimated = (unit: keyof Totals): Estimated => {
    const limitName = unit === 'reflections' ? undefined : limitNames[unit];
    const limit = (limitName && settings[limitName]) ?? Number.POSITIVE_INFINITY;
    const round = unit === 'costUsd' ? (usd: number) => usd : Math.round;
    const worst = Math.min(limit, round(ceiling[unit] ?? Number.POSITIVE_INFINITY));
    // The last iteration ends before a limit on metric calls, and is cut off at a limit on spend or time.
    const isCutOff = run.endsBy !== undefined && run.endsBy === limitName && unit !== 'metricCalls';
    const value = isCutOff ? limit : run.totals?.[unit];
    return { expected: value === undefined ? undefined : Math.min(round(value), worst), worst };
  };
  return {
    metricCalls: estimated('metricCalls'),
    iterations: estimated('iterations'),
    reflections: estimated('reflections'),
    tokens: estimated('tokens'),
    costUsd: estimated('costUsd'),
    durationMs: estimated('durationMs'),
    endsBy: run.endsBy,
    ...(measurement === undefined ? {} : { measured: measuredOf(measurement) }),
    refusals: [...reserveProblems(options), ...refusalsOf(budget, measurement)],
    warnings: [
      ...warningsOf(settings, run, measurement),
      ...(measurement === undefined ? unknownCalls(settings, budget) : []),
    ],
    assumptions: assumptionsOf(settings, run, measurement),
  };
}

/** Refuses a model call of the measured rollout that can exceed a limit by itself. */
function refusalsOf(budget: Budget, measurement: Measurement | undefined): string[] {
  if (budget.isDeclared('rollout')) return [];
  for (const request of measurement?.requests ?? []) {
    const max = budget.maxOf(request);
    const limit = budget.limitBelow(max);
    if (limit !== undefined) return [explainTooLarge(limit, 'rollout', request, max)];
  }
  return [];
}

/** Warns that the size of the program's model calls is unknown without a measured rollout. */
function unknownCalls({ adapter }: Settings, budget: Budget): string[] {
  if (budget.isDeclared('rollout')) return [];
  const unknown =
    'Measure a rollout (`measure: true`) to see whether the limits admit every model call of the program: a run refuses a call that can exceed a limit by itself.';
  for (const model of adapter.models ?? []) {
    const max = budget.maxOf({ model, inputTokens: 0 });
    const limit = budget.limitBelow(max);
    if (limit === undefined) continue;
    const amount = max[limit.unit];
    const size = Number.isFinite(amount) ? `up to ${shown(amount)}` : 'any amount';
    return [
      `${unknown} A call of ${model} without an output limit may take ${size}, more than ${limit.name} (${limit.max}).`,
    ];
  }
  return [unknown];
}

const measuredOf = ({ usage, durationMs, rollout }: Measurement) => ({
  usage,
  durationMs,
  score: rollout.score,
});
