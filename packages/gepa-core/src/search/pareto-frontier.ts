import type { Survivor } from './search-view.ts';

/** One key of the front: its best score and all candidates that reach it exactly, ascending. */
export interface FrontKey {
  readonly score: number;
  readonly candidates: readonly number[];
}

/**
 * The best candidates per key. Candidates are offered in ascending order and each key once per candidate. Beside the
 * members of each key it keeps, for each candidate, a bit set of the keys it stands in: an offer costs one step per
 * key, and dominance is a few word operations per candidate.
 */
export class ParetoFront {
  readonly #scores: number[] = [];
  readonly #members: number[][] = [];
  readonly #keysOf: Uint32Array[] = [];
  #survivors: readonly Survivor[] | undefined;

  get size(): number {
    return this.#scores.length;
  }

  key(key: number): FrontKey {
    return { score: this.#scores[key]!, candidates: this.#members[key]! };
  }

  /** Keys are numbered from 0 without gaps, in order of first insertion. */
  offer(candidate: number, key: number, score: number): void {
    const best = this.#scores[key];
    if (best === undefined || score > best) {
      for (const member of this.#members[key] ?? []) clearBit(this.#keysOf[member]!, key);
      this.#scores[key] = score;
      this.#members[key] = [candidate];
    } else if (score === best) {
      this.#members[key]!.push(candidate);
    } else return;
    this.#setKey(candidate, key);
    this.#survivors = undefined;
  }

  /** See `SearchView.survivors`. `means` are the candidates' mean scores by number. */
  survivors(means: (candidate: number) => number, among?: readonly number[]): readonly Survivor[] {
    if (among !== undefined) return this.#removeDominated(means, among);
    this.#survivors ??= this.#removeDominated(means, undefined);
    return this.#survivors;
  }

  /**
   * One scan is enough where the definition starts over after each removal: removing a candidate only takes company
   * away from the others, so one that had to stay still has to.
   */
  #removeDominated(means: (candidate: number) => number, among: readonly number[] | undefined): Survivor[] {
    const onFront = (among ?? [...this.#keysOf.keys()])
      .map((candidate) => ({ candidate, bits: this.#keysOf[candidate], firstKey: 0, mean: means(candidate) }))
      .filter((entry): entry is Entry => entry.bits !== undefined)
      .map((entry) => Object.assign(entry, { firstKey: firstBit(entry.bits) }))
      .filter((entry) => entry.firstKey !== -1)
      .sort((a, b) => a.firstKey - b.firstKey || a.candidate - b.candidate);

    const company = new Uint32Array(this.size);
    const alone = new Uint32Array(wordsFor(this.size));
    if (among !== undefined) for (const { bits } of onFront) forEachBit(bits, (key) => company[key]!++);
    for (let key = 0; key < company.length; key++) {
      if (among === undefined) company[key] = this.#members[key]!.length;
      if (company[key] === 1) setBit(alone, key);
    }

    const dropped = new Set<number>();
    for (const { candidate, bits } of onFront.toSorted((a, b) => a.mean - b.mean)) {
      if (intersects(bits, alone)) continue;
      dropped.add(candidate);
      forEachBit(bits, (key) => {
        if (--company[key]! === 1) setBit(alone, key);
      });
    }
    return onFront
      .filter(({ candidate }) => !dropped.has(candidate))
      .map(({ candidate, bits }) => ({ candidate, keys: countBits(bits) }));
  }

  #setKey(candidate: number, key: number): void {
    let bits = this.#keysOf[candidate];
    if (bits === undefined || bits.length <= key >>> 5) {
      const grown = new Uint32Array(Math.max(wordsFor(key + 1), wordsFor(this.size)));
      if (bits !== undefined) grown.set(bits);
      this.#keysOf[candidate] = grown;
      bits = grown;
    }
    setBit(bits, key);
  }
}

interface Entry {
  candidate: number;
  bits: Uint32Array;
  firstKey: number;
  mean: number;
}

const wordsFor = (bits: number) => (bits + 31) >>> 5;

function setBit(words: Uint32Array, bit: number): void {
  words[bit >>> 5]! |= 1 << (bit & 31);
}

function clearBit(words: Uint32Array, bit: number): void {
  words[bit >>> 5]! &= ~(1 << (bit & 31));
}

function intersects(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = Math.min(a.length, b.length) - 1; i >= 0; i--) if ((a[i]! & b[i]!) !== 0) return true;
  return false;
}

function firstBit(words: Uint32Array): number {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word !== 0) return i * 32 + (31 - Math.clz32(word & -word));
  }
  return -1;
}

function forEachBit(words: Uint32Array, visit: (bit: number) => void): void {
  for (let i = 0; i < words.length; i++) {
    for (let word = words[i]!; word !== 0; word &= word - 1) visit(i * 32 + (31 - Math.clz32(word & -word)));
  }
}

function countBits(words: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < words.length; i++) {
    let word = words[i]!;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
