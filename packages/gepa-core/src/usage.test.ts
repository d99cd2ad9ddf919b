import { expect, it } from 'vitest';
import { addUsage, modelCallUsage, noUsage, priceUsage } from './usage.ts';

const a = modelCallUsage({ model: 'a', inputTokens: 1_000_000, outputTokens: 500_000 });
const b = modelCallUsage({ model: 'b', inputTokens: 10, outputTokens: 20, costUsd: 0.5 });

it('sums calls, tokens and costs, in all and by model', () => {
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

it('knows nothing of costs and models that nobody told', () => {
  expect(addUsage(modelCallUsage({ inputTokens: 1 }), modelCallUsage({ outputTokens: 2 }))).toEqual({
    modelCalls: 2,
    inputTokens: 1,
    outputTokens: 2,
  });
});

it('prices by model, per million tokens', () => {
  const prices = { a: { input: 2, output: 8 } };
  expect(priceUsage(a, prices).costUsd).toBe(2 + 4);
  expect(priceUsage(b, prices)).toBe(b);
  expect(priceUsage(noUsage, prices)).toBe(noUsage);
});

it('gives no price for what it cannot price as a whole', () => {
  const prices = { a: { input: 2, output: 8 } };
  const other = modelCallUsage({ model: 'c', inputTokens: 1 });
  expect(priceUsage(addUsage(a, other), prices).costUsd).toBeUndefined();
  expect(priceUsage(addUsage(a, modelCallUsage({ inputTokens: 1 })), prices).costUsd).toBeUndefined();
  expect(priceUsage(a, undefined).costUsd).toBeUndefined();
});
