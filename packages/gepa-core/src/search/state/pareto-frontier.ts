import type { Survivor } from './search-view.ts';

/** One key of the frontier: its best score and all candidates that reach it, ascending. */
export interface BestOfKey {
  readonly score: number;
  readonly candidates: readonly number[];
}

/** The best candidates per key (paper, section 3.3). Keys are numbered from 0 in order of first insertion. */
export class ParetoFrontier {
  readonly #keys: { score: number; candidates: number[] }[] = [];
  /** The keys that each candidate is best on. */
  readonly #keysOf = new Map<number, number[]>();
  readonly #survivors = new Map<string, readonly Survivor[]>();

  key(key: number): BestOfKey {
    return this.#keys[key]!;
  }

  /** Candidates are offered in ascending order, and once per key. */
  offer(candidate: number, key: number, score: number): void {
    const best = this.#keys[key];
    if (best !== undefined && score < best.score) return;
    if (best !== undefined && score === best.score) {
      best.candidates.push(candidate);
    } else {
      for (const beaten of best?.candidates ?? []) {
        const keys = this.#keysOf.get(beaten)!;
        keys.splice(keys.indexOf(key), 1);
      }
      this.#keys[key] = { score, candidates: [candidate] };
    }
    const keys = this.#keysOf.get(candidate);
    if (keys === undefined) this.#keysOf.set(candidate, [key]);
    else keys.push(key);
    this.#survivors.clear();
  }

  /** See `SearchView.survivors`. */
  survivors(
    meanOf: (candidate: number) => number,
    among?: readonly number[],
    ties: 'key' | 'older' = 'key',
  ): readonly Survivor[] {
    if (among !== undefined) return this.#undominated(new Set(among), meanOf, ties);
    const survivors = this.#survivors.get(ties) ?? this.#undominated(this.#keysOf.keys(), meanOf, ties);
    this.#survivors.set(ties, survivors);
    return survivors;
  }

  /**
   * Removes every candidate whose keys all have another member left, lowest mean first. One pass suffices where the
   * definition starts over after each removal: removing a candidate only takes members away from the keys of others, so
   * a candidate that had to stay still has to.
   */
  #undominated(
    candidates: Iterable<number>,
    meanOf: (candidate: number) => number,
    ties: 'key' | 'older',
  ): Survivor[] {
    const members: Member[] = [];
    const membersLeft = this.#keys.map(() => 0);
    for (const candidate of candidates) {
      const keys = this.#keysOf.get(candidate);
      if (keys === undefined || keys.length === 0) continue;
      let firstKey = Number.POSITIVE_INFINITY;
      for (const key of keys) {
        membersLeft[key]!++;
        if (key < firstKey) firstKey = key;
      }
      members.push({ candidate, keys, firstKey, mean: meanOf(candidate) });
    }
    const byAge = (a: Member, b: Member) => a.candidate - b.candidate;
    const byKey = (a: Member, b: Member) => a.firstKey - b.firstKey || byAge(a, b);
    const byMean = (a: Member, b: Member) => a.mean - b.mean || (ties === 'older' ? byAge : byKey)(a, b);
    const survivors: Member[] = [];
    for (const member of members.sort(byMean)) {
      if (member.keys.some((key) => membersLeft[key] === 1)) survivors.push(member);
      else for (const key of member.keys) membersLeft[key]!--;
    }
    return survivors.sort(byKey).map(({ candidate, keys }) => ({ candidate, keys: keys.length }));
  }
}

/** A candidate that is best on a key. */
interface Member {
  readonly candidate: number;
  readonly keys: readonly number[];
  readonly firstKey: number;
  readonly mean: number;
}
