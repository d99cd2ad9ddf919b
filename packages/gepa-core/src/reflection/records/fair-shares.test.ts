import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fairShares } from './fair-shares.ts';

it.each([
  [[10, 10], 100, [10, 10]],
  [[100, 100], 50, [25, 25]],
  [[100, 4, 100], 50, [23, 4, 23]],
  [[5, 5], 0, [0, 0]],
  [[5], -3, [0]],
  [[], 10, []],
])('fairShares divides for the claims %j a total of %i into %j', (claims, total, shares) =>
  expect(fairShares(claims, total)).toEqual(shares),
);

it('fairShares never exceeds the total or a claim, and leaves less than one per claim while a claim is unmet', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.nat(10_000), (claims, total) => {
      const shares = fairShares(claims, total);
      const given = shares.reduce((sum, share) => sum + share, 0);
      expect(given).toBeLessThanOrEqual(total);
      shares.forEach((share, index) => {
        expect(share).toBeLessThanOrEqual(claims[index]!);
      });
      if (shares.some((share, index) => share < claims[index]!))
        expect(total - given).toBeLessThan(claims.length);
    }),
  );
});
