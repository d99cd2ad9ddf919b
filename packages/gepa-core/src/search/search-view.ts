import type { Candidate } from '../component.ts';

/** How a candidate came to be. */
export type CandidateSource = 'seed' | 'reflection' | 'merge';

/** A member of the pool, scored on the valset. */
export interface ScoredCandidate<Name extends string = string> {
  /** Its number: 0 is the seed. */
  readonly index: number;
  readonly texts: Candidate<Name>;
  readonly parents: readonly number[];
  readonly source: CandidateSource;
  /** The iteration that found it; 0 for the seed. */
  readonly iteration: number;
  /** By position in the valset; `null` where it was not run. */
  readonly scores: readonly (number | null)[];
  /** The mean of its scores; 0 when it has none. */
  readonly mean: number;
  /** On how many valset examples it was scored. */
  readonly coverage: number;
  /** Its mean of each objective, where the metric gives objectives. */
  readonly objectives?: Readonly<Record<string, number>>;
  /** The scores behind `objectives`, by position in the valset. */
  readonly objectiveScores?: Readonly<Record<string, readonly (number | null)[]>>;
  /** Metric calls spent when it was found, before its own pass over the valset. */
  readonly metricCalls: number;
}

/** What the front keeps the best candidates of: valset examples, objectives, both, or every pair of the two. */
export type FrontierType = 'instance' | 'objective' | 'hybrid' | 'cartesian';

/** What one key of the front stands for. */
export interface FrontKeyName {
  /** Position in the valset. */
  readonly example?: number;
  readonly objective?: string;
}

/** A candidate that survives dominance removal, and on how many keys of the front it stands. */
export interface Survivor {
  readonly candidate: number;
  readonly keys: number;
}

/** What strategies may see of the search. */
export interface SearchView<Name extends string = string> {
  readonly candidates: readonly ScoredCandidate<Name>[];
  readonly bestIndex: number;
  /** Counted from 1. */
  readonly iteration: number;
  readonly valsetSize: number;
  /**
   * The candidates on the Pareto front that are left when every candidate whose keys all hold another one is
   * removed, worst mean first; in order of their first key. With `among`, each key keeps only those of its members, and keys without any are left out.
   */
  survivors(among?: readonly number[]): readonly Survivor[];
}
