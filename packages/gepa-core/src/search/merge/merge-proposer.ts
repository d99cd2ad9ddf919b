import type { Candidate } from '../../component.ts';
import type { Random } from '../../statistics/random.ts';
import type { Draws } from '../draws.ts';
import type { ScoredCandidate, SearchView } from '../state/search-view.ts';

/** A merged candidate: each text is that of one of two parents, or a reflection has combined both. */
export interface MergeProposal<Name extends string = string> {
  /** Indices of the parents. */
  readonly parents: readonly [number, number];
  /** Index of the common ancestor; undefined where a reflection combined the texts. */
  readonly ancestor?: number;
  readonly texts: Candidate<Name>;
  /** The valset positions on which the candidate is compared with its parents. */
  readonly subsample: readonly number[];
}

export interface MergeOptions<Name extends string> {
  readonly names: readonly Name[];
  /** The minimum number of valset examples on which both parents must have scores. */
  readonly minOverlap: number;
  readonly draws: Draws;
  /** Whether a candidate with these texts is new. Only new ones are proposed. */
  readonly isNew: (texts: Candidate<Name>) => boolean;
}

/** How often a pair of parents and a new candidate are drawn before the search for a merge ends. */
const MAX_DRAWS = 10;
/** The number of valset examples on which a merged candidate is compared with its parents. */
export const MERGE_SUBSAMPLE_SIZE = 5;

/**
 * Merges two candidates that have a common ancestor (paper, appendix on system-aware merge; reference:
 * `MergeProposer`). It never merges a pair twice with the same ancestor, and never builds the same merge twice.
 */
export class MergeProposer<Name extends string> {
  readonly #options: MergeOptions<Name>;
  readonly #usedAncestors = new Set<string>();
  readonly #built = new Set<string>();
  readonly #combined = new Set<string>();

  constructor(options: MergeOptions<Name>) {
    this.#options = options;
  }

  /** A merge of two candidates on the Pareto frontier; `undefined` if none was found. */
  propose(search: SearchView<Name>): MergeProposal<Name> | undefined {
    const { draws, names, minOverlap, isNew } = this.#options;
    const random = draws('merge');
    const eligible = search
      .survivors()
      .map(({ candidate }) => candidate)
      .sort((a, b) => a - b);
    // Two lineages need at least three candidates.
    if (eligible.length < 2 || search.candidates.length < 3) return undefined;

    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const pair = this.#findPair(search, eligible, random);
      if (pair === undefined) continue;
      const [first, second, ancestor] = pair;
      const cross = crossover(search, names, first, second, ancestor, random);
      const recipe = JSON.stringify([first.index, second.index, cross.sources]);
      if (this.#built.has(recipe)) continue;
      const common = commonPositions(first, second);
      if (common.length < minOverlap || !isNew(cross.texts)) continue;
      this.#built.add(recipe);
      this.#usedAncestors.add(ancestorKey(first, second, ancestor));
      return {
        parents: [first.index, second.index],
        ancestor: ancestor.index,
        texts: cross.texts,
        subsample: drawSubsample(first, second, common, random),
      };
    }
    return undefined;
  }

  /**
   * Two candidates of the Pareto frontier for a reflection to combine, the better one first, with valset positions on which
   * to compare the result. Neither descends from the other, and each is better on some example. A pair is used once.
   */
  pair(search: SearchView<Name>): Omit<MergeProposal<Name>, 'texts' | 'ancestor'> | undefined {
    const { draws, minOverlap } = this.#options;
    const random = draws('combine');
    const pairs = pairsOf(search.survivors().map(({ candidate }) => candidate));
    random.shuffle(pairs);
    for (const pair of pairs) {
      const [i, j] = pair.toSorted((a, b) => search.partMean(b) - search.partMean(a) || a - b) as [
        number,
        number,
      ];
      const [first, second] = [search.candidates[i]!, search.candidates[j]!];
      const isKin = ancestorsOf(search.candidates, i).has(j) || ancestorsOf(search.candidates, j).has(i);
      const common = commonPositions(first, second);
      const differences = common.map((position) => first.scores[position]! - second.scores[position]!);
      const areSpecialists = Math.max(...differences) > 0 && Math.min(...differences) < 0;
      const name = JSON.stringify([i, j]);
      if (isKin || common.length < minOverlap || !areSpecialists || this.#combined.has(name)) continue;
      this.#combined.add(name);
      return { parents: [i, j], subsample: drawSubsample(first, second, common, random) };
    }
    return undefined;
  }

  #findPair(
    search: SearchView<Name>,
    eligible: readonly number[],
    random: Random,
  ): Crossing<Name> | undefined {
    const { names } = this.#options;
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const [i, j] = random.sample(eligible, 2).sort((a, b) => a - b) as [number, number];
      const ancestorsOfFirst = ancestorsOf(search.candidates, i);
      const ancestorsOfSecond = ancestorsOf(search.candidates, j);
      if (ancestorsOfFirst.has(j) || ancestorsOfSecond.has(i)) continue;
      const first = search.candidates[i]!;
      const second = search.candidates[j]!;
      const ancestors = [...ancestorsOfFirst]
        .filter((index) => ancestorsOfSecond.has(index))
        .sort((a, b) => a - b)
        .map((index) => search.candidates[index]!)
        .filter(
          (ancestor) =>
            !this.#usedAncestors.has(ancestorKey(first, second, ancestor)) &&
            search.partMean(ancestor.index) <= Math.min(search.partMean(i), search.partMean(j)) &&
            names.some((name) => changedByOne(name, first, second, ancestor)),
        );
      if (ancestors.length === 0) continue;
      const means = ancestors.map(({ index }) => Math.max(0, search.partMean(index)));
      // When all weights are 0, draw evenly; the reference fails.
      const ancestor = means.every((mean) => mean === 0)
        ? random.choice(ancestors)
        : random.weightedChoice(ancestors, means);
      return [first, second, ancestor];
    }
    return undefined;
  }
}

const pairsOf = (indices: readonly number[]): number[][] =>
  indices.flatMap((index, place) =>
    indices.slice(place + 1).map((other) => [index, other].sort((a, b) => a - b)),
  );

type Crossing<Name extends string> = readonly [
  first: ScoredCandidate<Name>,
  second: ScoredCandidate<Name>,
  ancestor: ScoredCandidate<Name>,
];

function ancestorKey(first: ScoredCandidate, second: ScoredCandidate, ancestor: ScoredCandidate): string {
  return `${first.index} ${second.index} ${ancestor.index}`;
}

function ancestorsOf(candidates: readonly ScoredCandidate[], index: number): Set<number> {
  const ancestors = new Set<number>();
  const open = [...candidates[index]!.parents];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (ancestors.has(next)) continue;
    ancestors.add(next);
    open.push(...candidates[next]!.parents);
  }
  return ancestors;
}

/** Whether exactly one of the two changed the ancestor's text. */
function changedByOne<Name extends string>(
  name: Name,
  first: ScoredCandidate<Name>,
  second: ScoredCandidate<Name>,
  ancestor: ScoredCandidate<Name>,
): boolean {
  const [a, b, origin] = [first.texts[name], second.texts[name], ancestor.texts[name]];
  return a !== b && (a === origin || b === origin);
}

function crossover<Name extends string>(
  search: SearchView<Name>,
  names: readonly Name[],
  first: ScoredCandidate<Name>,
  second: ScoredCandidate<Name>,
  ancestor: ScoredCandidate<Name>,
  random: Random,
): { texts: Candidate<Name>; sources: number[] } {
  const sources = names.map((name) => sourceOf(search, name, first, second, ancestor, random));
  return {
    texts: Object.fromEntries(names.map((name, i) => [name, sources[i]!.texts[name]])) as Candidate<Name>,
    sources: sources.map(({ index }) => index),
  };
}

function sourceOf<Name extends string>(
  search: SearchView<Name>,
  name: Name,
  first: ScoredCandidate<Name>,
  second: ScoredCandidate<Name>,
  ancestor: ScoredCandidate<Name>,
  random: Random,
): ScoredCandidate<Name> {
  if (changedByOne(name, first, second, ancestor)) {
    return first.texts[name] === ancestor.texts[name] ? second : first;
  }
  if (first.texts[name] === ancestor.texts[name]) return first;
  // Both changed it, possibly to the same text. Like the reference, draw in both cases when the means are equal.
  const [a, b] = [search.partMean(first.index), search.partMean(second.index)];
  if (a !== b) return a > b ? first : second;
  return random.choice([first, second]);
}

function commonPositions(first: ScoredCandidate, second: ScoredCandidate): number[] {
  return first.scores.flatMap((score, position) =>
    score !== null && second.scores[position] !== null ? [position] : [],
  );
}

/** Draws examples of three kinds: the first is better, the second is better, both are equal. */
function drawSubsample(
  first: ScoredCandidate,
  second: ScoredCandidate,
  common: readonly number[],
  random: Random,
): number[] {
  const difference = (position: number) => first.scores[position]! - second.scores[position]!;
  const strata = [
    common.filter((position) => difference(position) > 0),
    common.filter((position) => difference(position) < 0),
    common.filter((position) => difference(position) === 0),
  ];
  const share = Math.ceil(MERGE_SUBSAMPLE_SIZE / strata.length);
  const drawn: number[] = [];
  for (const stratum of strata) {
    drawn.push(
      ...random.sample(stratum, Math.min(stratum.length, share, MERGE_SUBSAMPLE_SIZE - drawn.length)),
    );
  }
  const missing = MERGE_SUBSAMPLE_SIZE - drawn.length;
  if (missing > 0) {
    const unused = common.filter((position) => !drawn.includes(position));
    drawn.push(
      ...(unused.length >= missing ? random.sample(unused, missing) : random.choices(common, missing)),
    );
  }
  return drawn;
}
