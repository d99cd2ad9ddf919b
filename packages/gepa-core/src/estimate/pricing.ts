import type { PriceBook } from '../budget/prices.ts';
import { type Price, priceUsage, type Usage } from '../budget/usage.ts';
import type { LanguageModel } from '../language-model.ts';

/** Fills in what the usage of a rollout cost, where that is known. */
export const costed = (usage: Usage, { prices }: { readonly prices: PriceBook }): Usage =>
  priceUsage(usage, prices.priceOf);

/** The reflection model and its price, where it says its name. */
export function reflectionPrice(settings: {
  readonly prices: PriceBook;
  readonly reflectionModel?: LanguageModel;
}): { readonly model: string; readonly price: Price } | undefined {
  const model = settings.reflectionModel?.modelName;
  const price = model === undefined ? undefined : settings.prices.priceOf(model);
  return model === undefined || price === undefined ? undefined : { model, price };
}
