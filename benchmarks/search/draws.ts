/** A 32-bit hash of numbers. */
export function hash(...keys: readonly number[]): number {
  let h = 0x811c9dc5;
  for (const key of keys) {
    h = Math.imul(h ^ (key | 0), 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
    h ^= h >>> 13;
  }
  h = Math.imul(h ^ (h >>> 16), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The hash of a text. */
export function hashText(text: string): number {
  let h = 0;
  for (let i = 0; i < text.length; i++) h = (Math.imul(h, 31) + text.charCodeAt(i)) | 0;
  return hash(h);
}

/** A number in [0, 1) that depends on the keys alone. */
export const uniformOf = (...keys: readonly number[]): number => hash(...keys) / 2 ** 32;

/** A standard normal number that depends on the keys alone. */
export function normalOf(...keys: readonly number[]): number {
  const key = hash(...keys);
  return Math.sqrt(-2 * Math.log(1 - uniformOf(key, 1))) * Math.cos(2 * Math.PI * uniformOf(key, 2));
}

/** A sequence of draws that depends on the keys alone. */
export class Draws {
  readonly #key: number;
  #count = 0;

  constructor(...keys: readonly number[]) {
    this.#key = hash(...keys);
  }

  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformOf(this.#key, ++this.#count);
  }

  normal(mean = 0, deviation = 1): number {
    return mean + deviation * normalOf(this.#key, ++this.#count);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Distinct positions, each drawn with a probability proportional to its weight. */
  weighted(weights: readonly number[], count: number): number[] {
    const left = weights.map((weight, position) => ({ weight, position }));
    const drawn: number[] = [];
    while (drawn.length < count && left.length > 0) {
      let point = this.uniform() * left.reduce((sum, { weight }) => sum + weight, 0);
      let index = 0;
      while (index < left.length - 1 && point >= left[index]!.weight) point -= left[index++]!.weight;
      drawn.push(left.splice(index, 1)[0]!.position);
    }
    return drawn;
  }
}
