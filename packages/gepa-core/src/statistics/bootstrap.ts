import { Random } from './random.ts';

const RESAMPLES = 2_000;

/**
 * The 95% confidence interval of the mean of paired differences, by bootstrap with expanded percentiles (Hesterberg 2015,
 * "What Teachers Should Know About the Bootstrap"): plain percentiles are too narrow for few examples. It uses its own
 * random generator with a fixed seed, so the same differences give the same interval.
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
  const position = Math.floor(tailOf(n) * RESAMPLES);
  return [means[position]!, means[RESAMPLES - 1 - position]!];
}

/** The part of the means to leave out at each end: as many as lie beyond the interval of Student's t. */
function tailOf(n: number): number {
  return n === 1 ? 0 : normalTail(Math.sqrt(n / (n - 1)) * tQuantile(n - 1));
}

/** The 97.5 % quantile of Student's t (Abramowitz and Stegun 26.7.5). */
function tQuantile(degrees: number): number {
  const z = 1.959964;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, power) => sum + term / degrees ** power, 0);
}

/** The part of a normal distribution above `z`, which is positive (Abramowitz and Stegun 26.2.17). */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const sum = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153].reduce(
    (inner, factor) => (inner + factor) * t,
    0,
  );
  return (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
