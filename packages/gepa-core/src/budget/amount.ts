import type { Usage } from './usage.ts';

/** Metric calls, tokens (sent and written) and US dollars: what a budget limits, as one vector. */
export interface Amount {
  readonly metricCalls: number;
  readonly tokens: number;
  readonly costUsd: number;
}

export type Unit = keyof Amount;

export const zero: Amount = { metricCalls: 0, tokens: 0, costUsd: 0 };

export function sum(amounts: Iterable<Amount>): Amount {
  let { metricCalls, tokens, costUsd } = zero;
  for (const amount of amounts) {
    metricCalls += amount.metricCalls;
    tokens += amount.tokens;
    costUsd += amount.costUsd;
  }
  return { metricCalls, tokens, costUsd };
}

export const isZero = ({ metricCalls, tokens, costUsd }: Amount): boolean =>
  metricCalls === 0 && tokens === 0 && costUsd === 0;

export function amountOf({ inputTokens, outputTokens, costUsd = 0 }: Usage): Amount {
  return { metricCalls: 0, tokens: inputTokens + outputTokens, costUsd };
}
