import type { CallKind } from '../budget/max-of-call.ts';

/** The number of calls in a run. */
export interface Counts {
  readonly iterations: number;
  readonly metricCalls: number;
  readonly reflections: number;
  /** Rounds of concurrent rollouts, one after another. */
  readonly rolloutRounds: number;
  /** Rounds of concurrent reflections, one after another. */
  readonly reflectionRounds: number;
}

/** The size of one call; `undefined` where it is unknown. */
export interface CallSize {
  readonly tokens: number | undefined;
  readonly costUsd: number | undefined;
  readonly durationMs: number | undefined;
}

export type CallSizes = Readonly<Record<CallKind, CallSize>>;

/** The limits of a run, by the unit that they limit. */
export const limitNames = {
  metricCalls: 'maxMetricCalls',
  iterations: 'maxIterations',
  tokens: 'maxTokens',
  costUsd: 'maxCostUsd',
  durationMs: 'maxDurationMs',
} as const;

export type LimitedUnit = keyof typeof limitNames;

export const limitedUnits = Object.keys(limitNames) as LimitedUnit[];

/** The amounts that a run takes; `undefined` where the size of a call is unknown. */
export type Amounts = Readonly<Record<LimitedUnit | 'reflections', number | undefined>>;

export function amountsOf(counts: Counts, { rollout, reflection }: CallSizes): Amounts {
  const { iterations, metricCalls, reflections, rolloutRounds, reflectionRounds } = counts;
  const spent = (unit: 'tokens' | 'costUsd') =>
    total([metricCalls, rollout[unit]], [reflections, reflection[unit]]);
  const durationMs = total([rolloutRounds, rollout.durationMs], [reflectionRounds, reflection.durationMs]);
  return {
    iterations,
    metricCalls,
    reflections,
    tokens: spent('tokens'),
    costUsd: spent('costUsd'),
    durationMs,
  };
}

/** The sum of all counts, each multiplied by its size. */
function total(
  ...parts: readonly (readonly [count: number, size: number | undefined])[]
): number | undefined {
  let sum = 0;
  for (const [count, size] of parts) {
    if (count === 0 || size === 0) continue;
    if (size === undefined) return undefined;
    sum += count * size;
  }
  return sum;
}

/** Settings without limits on dollars and tokens, and with rollouts in this process. */
export const withoutSpendLimits = { maxCostUsd: undefined, maxTokens: undefined, rollouts: undefined };
