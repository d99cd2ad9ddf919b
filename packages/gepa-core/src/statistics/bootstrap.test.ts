import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bootstrapInterval } from './bootstrap.ts';
import { Random } from './random.ts';

it('bootstrapInterval is deterministic and lies within the range of the differences', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
      (differences) => {
        const [low, high] = bootstrapInterval(differences);
        expect(bootstrapInterval(differences)).toEqual([low, high]);
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...differences) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...differences) + 1e-9);
      },
    ),
    { numRuns: 30 },
  );
});

it('bootstrapInterval contains the mean and is as wide as theory predicts', () => {
  // 40 wins of 1, 60 ties: mean 0.4, standard error 0.049.
  const [low, high] = bootstrapInterval(Array.from({ length: 100 }, (_, i) => (i < 40 ? 1 : 0)));
  expect(low).toBeGreaterThan(0.27);
  expect(low).toBeLessThan(0.34);
  expect(high).toBeGreaterThan(0.46);
  expect(high).toBeLessThan(0.53);
});

it('bootstrapInterval of no differences is [0, 0]', () => {
  expect(bootstrapInterval([])).toEqual([0, 0]);
});

it.each([6, 10, 20])(
  'bootstrapInterval of %i differences contains the true mean in about 95 of 100 cases',
  (n) => {
    const random = new Random(n);
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - random.random())) * Math.cos(2 * Math.PI * random.random());
    let hits = 0;
    for (let i = 0; i < 400; i++) {
      const [low, high] = bootstrapInterval(Array.from({ length: n }, normal));
      if (low <= 0 && high >= 0) hits++;
    }
    expect(hits).toBeGreaterThan(372);
    expect(hits).toBeLessThan(396);
  },
);
