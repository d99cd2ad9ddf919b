import type { CallRequest } from '../adapter/call-meter.ts';
import { type Amount, type Unit, zero } from './amount.ts';
import type { PriceBook } from './prices.ts';

/** The two kinds of paid calls. */
export type CallKind = 'rollout' | 'reflection';

export type LimitName = 'maxMetricCalls' | 'maxCostUsd' | 'maxTokens';

export interface Limit {
  readonly name: LimitName;
  readonly unit: Unit;
  readonly max: number;
}

/**
 * The maximum of one model call. Tokens that the request does not state count as the model's context window, or as infinite
 * if that is unknown. Without a price, `costUsd` is `NaN`.
 *
 * @param defaultOutputTokens `reserve.outputTokens`: for calls without an output limit of their own.
 */
export function maxOfCall(
  { model, inputTokens, outputTokens }: CallRequest,
  prices: Pick<PriceBook, 'priceOf' | 'contextOf'>,
  defaultOutputTokens: number | undefined,
): Amount {
  const context = (model === undefined ? undefined : prices.contextOf(model)) ?? Number.POSITIVE_INFINITY;
  const [input, output] = [inputTokens ?? context, outputTokens ?? defaultOutputTokens ?? context];
  const tokens = input + output;
  const price = model === undefined ? undefined : prices.priceOf(model);
  if (price === undefined) return { ...zero, tokens, costUsd: Number.NaN };
  const highestInputPrice = Math.max(price.input, price.cachedInput ?? 0, price.cacheWrite ?? 0);
  // Any number of tokens of a free model is free, an infinite one included.
  const cost = (count: number, perMillion: number) => (perMillion === 0 ? 0 : (count * perMillion) / 1e6);
  return { ...zero, tokens, costUsd: cost(input, highestInputPrice) + cost(output, price.output) };
}
