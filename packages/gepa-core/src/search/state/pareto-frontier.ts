import type { Survivor } from './search-view.ts';

/** One key of the frontier: its best score and all candidates that reach it, ascending. */
export interface BestOfKey {
  readonly score: number;
  readonly candidates: readonly number[];
}

/** The best candidates per key (paper, section 3.3). Keys are numbered from 0 in order of first insertion. */
export class ParetoFrontier {
  readonly #keys: { score: number; candidates: number[] }[] = [];
  readonly #survivors = new Map<string, readonly Survivor[]>();

  key(key: number): BestOfKey {
    return this.#keys[key]!;
  }

  /** Candidates are offered in ascending order, and once per key. */
  offer(candidate: number, key: number, score: number): void {
    const best = this.#keys[key];
    if (best === undefined || score > best.score) this.#keys[key] = { score, candidates: [candidate] };
    else if (score === best.score) best.candidates.push(candidate);
    else return;
    this.#survivors.clear();
  }

  /** See `SearchView.survivors`. */
  survivors(
    meanOf: (candidate: number) => number,
    among?: readonly number[],
    ties: 'key' | 'older' = 'key',
  ): readonly Survivor[] {
    if (among !== undefined) return removeDominated(this.#membersAmong(new Set(among)), meanOf, ties);
    let survivors = this.#survivors.get(ties);
    if (survivors === undefined) {
      survivors = removeDominated(
        this.#keys.map(({ candidates }) => candidates),
        meanOf,
        ties,
      );
      this.#survivors.set(ties, survivors);
    }
    return survivors;
  }

  #membersAmong(among: ReadonlySet<number>): number[][] {
    return this.#keys
      .map(({ candidates }) => candidates.filter((candidate) => among.has(candidate)))
      .filter((members) => members.length > 0);
  }
}

/**
 * Removes every candidate whose keys all have another member left, lowest mean first. One pass suffices where the
 * definition starts over after each removal: removing a candidate only takes members away from the keys of others, so a
 * candidate that had to stay still has to.
 */
function removeDominated(
  membersOfKeys: readonly (readonly number[])[],
  meanOf: (candidate: number) => number,
  ties: 'key' | 'older',
): Survivor[] {
  const keysOf = new Map<number, number[]>();
  for (const [key, members] of membersOfKeys.entries()) {
    for (const candidate of members) {
      const keys = keysOf.get(candidate);
      if (keys === undefined) keysOf.set(candidate, [key]);
      else keys.push(key);
    }
  }
  const membersLeft = membersOfKeys.map(({ length }) => length);
  const removed = new Set<number>();
  const byMean = (a: number, b: number) => meanOf(a) - meanOf(b) || (ties === 'older' ? a - b : 0);
  for (const candidate of [...keysOf.keys()].sort(byMean)) {
    const keys = keysOf.get(candidate)!;
    if (keys.some((key) => membersLeft[key] === 1)) continue;
    removed.add(candidate);
    for (const key of keys) membersLeft[key]!--;
  }
  return [...keysOf]
    .filter(([candidate]) => !removed.has(candidate))
    .map(([candidate, keys]) => ({ candidate, keys: keys.length }));
}
