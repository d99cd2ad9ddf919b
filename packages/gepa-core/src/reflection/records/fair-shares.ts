/** Divides `total` evenly among claims. No share exceeds its claim; the rest of small claims goes to the others. */
export function fairShares(claims: readonly number[], total: number): number[] {
  const shares = claims.map(() => 0);
  const ascending = claims.map((claim, index) => ({ claim, index })).sort((a, b) => a.claim - b.claim);
  let left = Math.max(0, total);
  ascending.forEach(({ claim, index }, position) => {
    const share = Math.min(claim, Math.floor(left / (claims.length - position)));
    shares[index] = share;
    left -= share;
  });
  return shares;
}
