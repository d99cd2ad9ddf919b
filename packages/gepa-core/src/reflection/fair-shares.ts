/** Divides `total` among claims: nobody gets more than claimed, and what small claims leave goes to the others. */
export function fairShares(claims: readonly number[], total: number): number[] {
  const shares = claims.map(() => 0);
  const ascending = claims.map((claim, index) => ({ claim, index })).sort((a, b) => a.claim - b.claim);
  let left = Math.max(0, total);
  ascending.forEach(({ claim, index }, served) => {
    const share = Math.min(claim, Math.floor(left / (claims.length - served)));
    shares[index] = share;
    left -= share;
  });
  return shares;
}
