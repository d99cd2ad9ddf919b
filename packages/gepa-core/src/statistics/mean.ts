/**
 * The sum of numbers, compensated for rounding (Neumaier), so that it does not depend on their order: the same scores on
 * other examples are no improvement.
 */
export function total(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  // Infinite or not a number: nothing to compensate.
  return Number.isFinite(lost) ? sum + lost : sum;
}

/** `NaN` of no values. */
export const mean = (values: readonly number[]): number => total(values) / values.length;
