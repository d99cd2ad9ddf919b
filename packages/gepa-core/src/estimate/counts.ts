import type { CallKind } from '../budget/max-of-call.ts';

/** The calls of one kind in a run. */
export interface Counts {
  readonly calls: number;
  /** Rounds of concurrent calls, one after another. */
  readonly rounds: number;
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

/** What a run takes in all; `undefined` where the size of a call is unknown. */
export type Totals = Readonly<Record<LimitedUnit | 'reflections', number | undefined>>;

export function totalsOf(
  iterations: number,
  { rollout, reflection }: Readonly<Record<CallKind, Counts>>,
  sizes: CallSizes,
): Totals {
  const total = (unit: keyof CallSize, count: keyof Counts = 'calls') => {
    const sum = times(rollout[count], sizes.rollout[unit]) + times(reflection[count], sizes.reflection[unit]);
    return Number.isNaN(sum) ? undefined : sum;
  };
  return {
    iterations,
    metricCalls: rollout.calls,
    reflections: reflection.calls,
    tokens: total('tokens'),
    costUsd: total('costUsd'),
    durationMs: total('durationMs', 'rounds'),
  };
}

const times = (count: number, size = Number.NaN) => (count === 0 || size === 0 ? 0 : count * size);

/** Settings without limits on dollars and tokens, and with rollouts in this process. */
export const withoutSpendLimits = { maxCostUsd: undefined, maxTokens: undefined, rollouts: undefined };
