import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mean, total } from './mean.ts';

it('the sum of scores does not depend on their order', () => {
  const score = fc.integer({ min: 0, max: 100 }).map((n) => n / 100);
  fc.assert(
    fc.property(fc.array(score, { minLength: 1, maxLength: 40 }), (scores) => {
      const sorted = scores.toSorted((a, b) => a - b);
      expect(total(sorted)).toBe(total(scores));
      expect(total(sorted.toReversed())).toBe(total(scores));
    }),
  );
});

it('a sum with an infinite value is infinite', () => {
  expect(total([1, Number.POSITIVE_INFINITY, 1])).toBe(Number.POSITIVE_INFINITY);
  expect(mean([1, 2])).toBe(1.5);
});
