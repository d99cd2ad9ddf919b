import { Random } from './random.ts';

const RESAMPLES = 2_000;

/**
 * The 95% confidence interval of the mean of paired differences, by percentile bootstrap. It uses its own random
 * generator with a fixed seed, so the same differences give the same interval.
 */
export function bootstrapInterval(differences: readonly number[]): readonly [number, number] {
  const n = differences.length;
  if (n === 0) return [0, 0];
  const random = new Random(0);
  const means = new Float64Array(RESAMPLES).map(() => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[random.randbelow(n)]!;
    return sum / n;
  });
  means.sort();
  return [means[Math.floor(0.025 * RESAMPLES)]!, means[Math.ceil(0.975 * RESAMPLES) - 1]!];
}
