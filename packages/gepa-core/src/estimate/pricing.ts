import type { Settings } from '../settings.ts';
import { type Price, priceUsage, type Usage } from '../usage.ts';

type Prices = Pick<Settings<never, never, never, never>, 'prices'>;

/** Fills in what the usage of a rollout cost, where that is known. */
export const costed = (usage: Usage, { prices }: Prices): Usage => priceUsage(usage, prices);

/** The model that reflections are priced as: which one it is nobody says, and so the dearest of those with a price. */
export function reflectionPrice({
  prices = {},
}: Prices): { readonly model: string; readonly price: Price } | undefined {
  const [dearest] = Object.entries(prices).sort(([, a], [, b]) => b.input + b.output - a.input - a.output);
  return dearest === undefined ? undefined : { model: dearest[0], price: dearest[1] };
}
