import { definedOnly } from '../../component.ts';
import type { FrontierKey } from '../../result.ts';
import type { FrontierKeyName, FrontierType, ScoredCandidate, Survivor } from './search-view.ts';

/** A key of the frontier: its best score and all candidates that reach it, ascending. */
interface Key {
  readonly name: FrontierKeyName;
  /** Counted from 0 in order of first insertion. */
  readonly number: number;
  score: number;
  candidates: number[];
}

/** The best candidates per key (paper, section 3.3). */
export class ParetoFrontier {
  readonly #type: FrontierType;
  readonly #keys: Key[] = [];
  /** By objective, then by valset position. */
  readonly #byName = new Map<string | undefined, Map<number | undefined, Key>>();
  /** The keys that each candidate is best on, in order. */
  readonly #keysOf = new Map<number, Key[]>();
  readonly #survivors = new Map<string, readonly Survivor[]>();

  constructor(type: FrontierType) {
    this.#type = type;
  }

  get keys(): FrontierKey[] {
    return this.#keys.map(({ name, score, candidates }) => ({ ...name, score, candidates: [...candidates] }));
  }

  /** Offers a candidate's scores for all keys. Candidates are added once, in ascending order. */
  add({ index, scores, objectives = {}, objectiveScores = {} }: ScoredCandidate): void {
    this.#survivors.clear();
    this.#keysOf.set(index, []);
    if (this.#type === 'instance' || this.#type === 'hybrid') {
      scores.forEach((score, example) => void this.#offer(index, score, example));
    }
    if (this.#type === 'objective' || this.#type === 'hybrid') {
      for (const [objective, mean] of Object.entries(objectives)) {
        this.#offer(index, mean, undefined, objective);
      }
    }
    if (this.#type === 'cartesian') {
      // Example by example, so that the keys are in the order of the valset.
      for (const example of scores.keys()) {
        for (const [objective, values] of Object.entries(objectiveScores)) {
          this.#offer(index, values[example], example, objective);
        }
      }
    }
    // Scores of a part of the valset may have numbered the keys in another order.
    this.#keysOf.get(index)!.sort((a, b) => a.number - b.number);
  }

  #offer(candidate: number, score: number | null | undefined, example?: number, objective?: string): void {
    if (score === null || score === undefined) return;
    const key = this.#key(example, objective);
    if (score < key.score) return;
    if (score > key.score) {
      for (const beaten of key.candidates) {
        const keys = this.#keysOf.get(beaten)!;
        keys.splice(keys.indexOf(key), 1);
      }
      key.score = score;
      key.candidates = [];
    }
    key.candidates.push(candidate);
    this.#keysOf.get(candidate)!.push(key);
  }

  #key(example: number | undefined, objective: string | undefined): Key {
    let byExample = this.#byName.get(objective);
    if (byExample === undefined) {
      byExample = new Map();
      this.#byName.set(objective, byExample);
    }
    let key = byExample.get(example);
    if (key === undefined) {
      const name = definedOnly({ example, objective });
      key = { name, number: this.#keys.length, score: Number.NEGATIVE_INFINITY, candidates: [] };
      byExample.set(example, key);
      this.#keys.push(key);
    }
    return key;
  }

  /** See `SearchView.survivors`. */
  survivors(
    meanOf: (candidate: number) => number,
    among?: readonly number[],
    ties: 'key' | 'older' = 'key',
  ): readonly Survivor[] {
    if (among !== undefined) return this.#undominated(meanOf, ties, new Set(among));
    const survivors = this.#survivors.get(ties) ?? this.#undominated(meanOf, ties);
    this.#survivors.set(ties, survivors);
    return survivors;
  }

  /**
   * Removes every candidate whose keys all have another member left, lowest mean first. One pass suffices where the
   * definition starts over after each removal: removing a candidate only takes members away from the keys of others, so
   * a candidate that had to stay still has to.
   */
  #undominated(
    meanOf: (candidate: number) => number,
    ties: 'key' | 'older',
    among?: ReadonlySet<number>,
  ): Survivor[] {
    const members = [...this.#keysOf]
      .filter(([candidate, keys]) => keys.length > 0 && among?.has(candidate) !== false)
      .map(([candidate, keys]) => ({ candidate, keys, mean: meanOf(candidate) }));
    const membersLeft = this.#keys.map(({ candidates }) =>
      among === undefined ? candidates.length : candidates.filter((candidate) => among.has(candidate)).length,
    );
    const byAge = (a: Member, b: Member) => a.candidate - b.candidate;
    const byKey = (a: Member, b: Member) => a.keys[0]!.number - b.keys[0]!.number || byAge(a, b);
    const byMean = (a: Member, b: Member) => a.mean - b.mean || (ties === 'older' ? byAge : byKey)(a, b);
    const survivors: Member[] = [];
    for (const member of members.sort(byMean)) {
      if (member.keys.some(({ number }) => membersLeft[number] === 1)) survivors.push(member);
      else for (const { number } of member.keys) membersLeft[number]!--;
    }
    return survivors.sort(byKey).map(({ candidate, keys }) => ({ candidate, keys: keys.length }));
  }
}

/** A candidate that is best on a key. */
interface Member {
  readonly candidate: number;
  readonly keys: readonly Key[];
  readonly mean: number;
}
