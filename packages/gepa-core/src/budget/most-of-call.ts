import type { CallRequest } from '../adapter/call-meter.ts';
import type { PriceBook } from './prices.ts';
import type { Amount } from './spending-bounds.ts';

/**
 * The most that a model call can take. `written`: the most that any writes that has no limit of its own. What nobody
 * tells is as much as the model can read; where that is not known either, the amount is infinite. Without a price the
 * dollars are `NaN`.
 */
export function mostOfCall(
  { model, inputTokens, outputTokens }: CallRequest,
  prices: Pick<PriceBook, 'priceOf' | 'contextOf'> | undefined,
  written: number | undefined,
): Amount {
  const known = model === undefined ? undefined : prices?.contextOf(model);
  const context = known ?? Number.POSITIVE_INFINITY;
  const [input, output] = [inputTokens ?? context, outputTokens ?? written ?? context];
  const price = model === undefined ? undefined : prices?.priceOf(model);
  if (price === undefined) return { tokens: input + output, costUsd: Number.NaN };
  const dearestInput = Math.max(price.input, price.cachedInput ?? 0, price.cacheWrite ?? 0);
  // However many tokens of a model that costs nothing cost nothing.
  const cost = (tokens: number, perMillion: number) => (perMillion === 0 ? 0 : (tokens * perMillion) / 1e6);
  return { tokens: input + output, costUsd: cost(input, dearestInput) + cost(output, price.output) };
}
