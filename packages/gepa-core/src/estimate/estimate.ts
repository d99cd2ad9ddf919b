import type { Step } from '../adapter/trace.ts';
import { explainTooLarge, shown } from '../budget/limit-messages.ts';
import { maxOfCall } from '../budget/max-of-call.ts';
import type { Usage } from '../budget/usage.ts';
import { aFlag, checkOptions } from '../check-options.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from '../options/options.ts';
import { reserveProblems, resolveOptions, type Settings } from '../options/settings.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { callSizes } from './call-size.ts';
import { ceilingOf } from './ceiling.ts';
import { type Amounts, amountsOf, limitNames } from './counts.ts';
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
  readonly measure?: boolean;
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
  const expected = run && amountsOf(run.counts, likely);
  const ceiling = amountsOf(ceilingOf(settings), largest);

  const estimated = (unit: keyof Amounts): Estimated => {
    const limitName = unit === 'reflections' ? undefined : limitNames[unit];
    const limit = (limitName && settings[limitName]) ?? Number.POSITIVE_INFINITY;
    const round = unit === 'costUsd' ? (usd: number) => usd : Math.round;
    const worst = Math.min(limit, round(ceiling[unit] ?? Number.POSITIVE_INFINITY));
    // The last iteration ends before a limit on metric calls, and is cut off at a limit on spend or time.
    const isCutOff = run !== undefined && run.endsBy === limitName && unit !== 'metricCalls';
    const value = isCutOff ? limit : expected?.[unit];
    return { expected: value === undefined ? undefined : Math.min(round(value), worst), worst };
  };
  return {
    metricCalls: estimated('metricCalls'),
    iterations: estimated('iterations'),
    reflections: estimated('reflections'),
    tokens: estimated('tokens'),
    costUsd: estimated('costUsd'),
    durationMs: estimated('durationMs'),
    endsBy: run?.endsBy,
    ...(measurement === undefined ? {} : { measured: measuredOf(measurement) }),
    refusals: [
      ...reserveProblems(options),
      ...(measurement === undefined ? [] : callsThatDoNotFit(settings, measurement)),
    ],
    warnings: [
      ...(await warningsOf(settings, run, measurement, likely)),
      ...(measurement === undefined ? unknownCalls(settings) : []),
    ],
    assumptions: assumptionsOf(settings, run, measurement),
  };
}

/** The limits on spend that reserve every model call, because no maximum of a rollout is declared. */
const limitsOnCalls = ({ maxCostUsd, maxTokens, reserve }: Settings) =>
  (
    [
      { name: 'maxCostUsd', unit: 'costUsd', max: maxCostUsd },
      { name: 'maxTokens', unit: 'tokens', max: maxTokens },
    ] as const
  ).flatMap(({ max, ...limit }) =>
    max === undefined || reserve?.rollout?.[limit.unit] !== undefined ? [] : [{ ...limit, max }],
  );

/** Warnings that the size of the program's model calls is unknown without a measured rollout. */
function unknownCalls(settings: Settings): string[] {
  const { adapter, prices, reserve } = settings;
  const [limit] = limitsOnCalls(settings);
  if (limit === undefined) return [];
  const unknown = `Measure a rollout (\`measure: true\`) to see whether ${limit.name} admits every model call of the program: a run refuses a call that can exceed the limit by itself.`;
  for (const model of adapter.models ?? []) {
    const most = maxOfCall({ model, inputTokens: 0 }, prices, reserve?.outputTokens);
    if (most[limit.unit] <= limit.max) continue;
    const amount = most[limit.unit];
    const size = Number.isFinite(amount) ? `up to ${shown(amount)}` : 'any amount';
    return [
      `${unknown} A call of ${model} without an output limit may take ${size}, more than ${limit.name} (${limit.max}).`,
    ];
  }
  return [unknown];
}

/** Refuses model calls of the measured rollout that can exceed a limit by themselves; one sentence for the first. */
function callsThatDoNotFit(settings: Settings, { requests }: Measurement): string[] {
  const { prices, reserve } = settings;
  for (const limit of limitsOnCalls(settings)) {
    for (const request of requests) {
      const most = maxOfCall(request, prices, reserve?.outputTokens);
      if (!(most[limit.unit] <= limit.max)) return [explainTooLarge(limit, 'rollout', request, most)];
    }
  }
  return [];
}

const measuredOf = ({ usage, durationMs, rollout }: Measurement) => ({
  usage,
  durationMs,
  score: rollout.score,
});
