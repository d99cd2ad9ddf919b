import MersenneTwister from 'mersenne-twister';

/**
 * A seeded random generator that draws the same numbers as CPython's `random`, so that a run makes the same choices
 * as the Python reference with the same seed.
 */
export class Random {
  readonly #twister: MersenneTwister;

  /** @param seed An integer; its sign is ignored, as in CPython. */
  constructor(seed: number) {
    this.#twister = new MersenneTwister(digits32(Math.abs(seed)));
  }

  /** 32 random bits. */
  #word(): number {
    return this.#twister.random_int();
  }

  /** A float in [0, 1) with 53 random bits. */
  random(): number {
    const a = this.#word() >>> 5;
    const b = this.#word() >>> 6;
    return (a * 2 ** 26 + b) / 2 ** 53;
  }

  /** An integer in [0, n), 1 ≤ n < 2³². */
  randbelow(n: number): number {
    const shift = Math.clz32(n);
    let k = this.#word() >>> shift;
    while (k >= n) k = this.#word() >>> shift;
    return k;
  }

  /** An integer in [low, high]. */
  randint(low: number, high: number): number {
    return low + this.randbelow(high - low + 1);
  }

  choice<T>(list: readonly T[]): T {
    return list[this.randbelow(list.length)]!;
  }

  /** Draws k items with replacement. */
  choices<T>(list: readonly T[], k: number): T[] {
    return Array.from({ length: k }, () => list[Math.floor(this.random() * list.length)]!);
  }

  /** Draws one item with a probability proportional to its weight. */
  weightedChoice<T>(list: readonly T[], weights: readonly number[]): T {
    const cumulative: number[] = [];
    let total = 0;
    for (const weight of weights) {
      total += weight;
      cumulative.push(total);
    }
    const point = this.random() * total;
    const index = cumulative.findIndex((sum) => point < sum);
    return list[index === -1 ? list.length - 1 : index]!;
  }

  /** Shuffles in place. */
  shuffle<T>(list: T[]): void {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.randbelow(i + 1);
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
  }

  /** Draws k items without replacement, in drawing order. */
  sample<T>(list: readonly T[], k: number): T[] {
    const n = list.length;
    // CPython switches to a set of drawn positions above this length.
    const poolLimit = 21 + (k > 5 ? 4 ** Math.ceil(Math.log(3 * k) / Math.log(4)) : 0);
    if (n <= poolLimit) {
      const pool = [...list];
      return Array.from({ length: k }, (_, i) => {
        const j = this.randbelow(n - i);
        const item = pool[j]!;
        pool[j] = pool[n - i - 1]!;
        return item;
      });
    }
    const seen = new Set<number>();
    while (seen.size < k) seen.add(this.randbelow(n));
    return [...seen].map((i) => list[i]!);
  }
}

/** The 32-bit digits of a non-negative integer, least significant first. */
function digits32(value: number): number[] {
  const digits = [value >>> 0];
  for (let rest = Math.floor(value / 2 ** 32); rest > 0; rest = Math.floor(rest / 2 ** 32))
    digits.push(rest >>> 0);
  return digits.map((digit) => digit | 0);
}
