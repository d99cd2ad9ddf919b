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
])('%j from %i', (claims, total, shares) => expect(fairShares(claims, total)).toEqual(shares));

it('never gives away more than there is or more than is claimed, and leaves little while a claim is open', () => {
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
