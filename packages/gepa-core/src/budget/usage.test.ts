import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  addUsage,
  modelCallUsage,
  noUsage,
  type Price,
  type PriceOf,
  priceUsage,
  type Usage,
} from './usage.ts';

const a = modelCallUsage({ model: 'a', inputTokens: 1_000_000, outputTokens: 500_000 });
const b = modelCallUsage({ model: 'b', inputTokens: 10, outputTokens: 20, costUsd: 0.5 });

it('addUsage sums calls, tokens and costs, in total and by model', () => {
  const sum = addUsage(addUsage(a, b), a);
  expect(sum).toEqual({
    modelCalls: 3,
    inputTokens: 2_000_010,
    outputTokens: 1_000_020,
    costUsd: 0.5,
    byModel: {
      a: { modelCalls: 2, inputTokens: 2_000_000, outputTokens: 1_000_000 },
      b: { modelCalls: 1, inputTokens: 10, outputTokens: 20 },
    },
  });
  expect(addUsage(noUsage, b)).toBe(b);
  expect(addUsage(b, noUsage)).toBe(b);
});

it('addUsage leaves unreported costs and models undefined', () => {
  expect(addUsage(modelCallUsage({ inputTokens: 1 }), modelCallUsage({ outputTokens: 2 }))).toEqual({
    modelCalls: 2,
    inputTokens: 1,
    outputTokens: 2,
  });
});

const priceList: Record<string, Price> = {
  a: { input: 2, output: 8 },
  cached: { input: 2, cachedInput: 0.5, cacheWrite: 2.5, output: 8 },
};
const prices: PriceOf = (model) => priceList[model];

it('priceUsage applies the price of each model per million tokens', () => {
  expect(priceUsage(a, prices).costUsd).toBe(2 + 4);
  expect(priceUsage(b, prices)).toBe(b);
  expect(priceUsage(noUsage, prices)).toBe(noUsage);
});

it('priceUsage leaves the cost undefined if a part of the usage has no price', () => {
  const other = modelCallUsage({ model: 'c', inputTokens: 1 });
  expect(priceUsage(addUsage(a, other), prices).costUsd).toBeUndefined();
  expect(priceUsage(addUsage(a, modelCallUsage({ inputTokens: 1 })), prices).costUsd).toBeUndefined();
  expect(priceUsage(a, () => undefined).costUsd).toBeUndefined();
});

const million = 1_000_000;
it.each([
  ['read from the cache', 'cached', { cachedInputTokens: million }, 2 + 0.5 + 8],
  ['written to the cache', 'cached', { cacheWriteTokens: million }, 2 + 2.5 + 8],
  [
    'of all kinds',
    'cached',
    { cachedInputTokens: million / 2, cacheWriteTokens: million },
    1 + 0.25 + 2.5 + 8,
  ],
  ['read from a cache without a price, as input', 'a', { cachedInputTokens: million }, 4 + 8],
  ['written to a cache without a price, as input', 'a', { cacheWriteTokens: million }, 4 + 8],
  [
    'read from the cache in excess of the input, without a negative input cost',
    'cached',
    { cachedInputTokens: 3 * million },
    1.5 + 8,
  ],
])('priceUsage prices tokens %s', (_, model, tokens, costUsd) => {
  const usage = modelCallUsage({ model, inputTokens: 2 * million, outputTokens: million, ...tokens });
  expect(priceUsage(usage, prices).costUsd).toBeCloseTo(costUsd, 9);
});

it('modelCallUsage omits cache tokens that are zero', () => {
  const usage = modelCallUsage({ model: 'a', inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0 });
  expect(usage.byModel?.a).toEqual({ modelCalls: 1, inputTokens: 1, outputTokens: 0 });
});

const calls = fc.array(
  fc
    .record({
      model: fc.constantFrom('a', 'cached'),
      uncached: fc.nat(million),
      cachedInputTokens: fc.nat(million),
      cacheWriteTokens: fc.nat(million),
      outputTokens: fc.nat(million),
    })
    .map(({ uncached, ...call }) =>
      modelCallUsage({ ...call, inputTokens: uncached + call.cachedInputTokens + call.cacheWriteTokens }),
    ),
);
const total = (usages: readonly Usage[]) => usages.reduce(addUsage, noUsage);

it('the cost of a sum of usages equals the sum of their costs, in any order', () => {
  fc.assert(
    fc.property(calls, fc.nat(), (usages, cut) => {
      const sum = total(usages);
      const alone = usages.reduce((costUsd, usage) => costUsd + priceUsage(usage, prices).costUsd!, 0);
      expect(priceUsage(sum, prices).costUsd ?? 0).toBeCloseTo(alone, 6);
      expect(addUsage(total(usages.slice(cut)), total(usages.slice(0, cut)))).toEqual(sum);
      for (const field of ['inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens'] as const) {
        const byModel = Object.values(sum.byModel ?? {}).reduce((n, tokens) => n + (tokens[field] ?? 0), 0);
        expect(sum[field] ?? 0).toBe(byModel);
      }
    }),
  );
});

it('cached tokens never increase the cost if the cache price is below the input price', () => {
  const price: PriceOf = () => ({ input: 2, cachedInput: 0.5, output: 8 });
  fc.assert(
    fc.property(fc.nat(million), fc.nat(million), fc.nat(million), (inputTokens, cached, outputTokens) => {
      const call = { model: 'a', inputTokens, outputTokens };
      const cachedInputTokens = Math.min(cached, inputTokens);
      const [plain, cheaper] = [call, { ...call, cachedInputTokens }].map(
        (one) => priceUsage(modelCallUsage(one), price).costUsd!,
      );
      expect(cheaper).toBeLessThanOrEqual(plain!);
      expect(cheaper).toBeGreaterThanOrEqual(0);
    }),
  );
});
