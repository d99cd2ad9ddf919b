import type { Usage } from './usage.ts';

/** The units that a budget limits, as one vector: metric calls, tokens (input and output) and US dollars. */
export interface Amount {
  readonly metricCalls: number;
  readonly tokens: number;
  readonly costUsd: number;
}

export type Unit = keyof Amount;

export const amountBy = (inUnit: (unit: Unit) => number): Amount => ({
  metricCalls: inUnit('metricCalls'),
  tokens: inUnit('tokens'),
  costUsd: inUnit('costUsd'),
});

export const zero: Amount = amountBy(() => 0);

export const oneMetricCall: Amount = { ...zero, metricCalls: 1 };

export const plus = (a: Amount, b: Amount): Amount => amountBy((unit) => a[unit] + b[unit]);

export const sum = (amounts: Iterable<Amount>): Amount => [...amounts].reduce(plus, zero);

export const isZero = ({ metricCalls, tokens, costUsd }: Amount): boolean =>
  metricCalls === 0 && tokens === 0 && costUsd === 0;

export function amountOf({ inputTokens, outputTokens, costUsd = 0 }: Usage): Amount {
  return { metricCalls: 0, tokens: inputTokens + outputTokens, costUsd };
}
