import type { Candidate } from '../component.ts';

/** The origin of a candidate. */
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
  /** Metric calls spent when it was found, before its validation. */
  readonly metricCalls: number;
}

/** What the Pareto frontier has keys for: valset examples, objectives, both, or every pair of the two. */
export type FrontierType = 'instance' | 'objective' | 'hybrid' | 'cartesian';

/** What one key of the frontier stands for. */
export interface FrontierKeyName {
  /** Position in the valset. */
  readonly example?: number;
  readonly objective?: string;
}

/** A candidate that survives dominance removal, and the number of keys that it is best on. */
export interface Survivor {
  readonly candidate: number;
  readonly keys: number;
}

/** The search as strategies see it. */
export interface SearchView<Name extends string = string> {
  readonly candidates: readonly ScoredCandidate<Name>[];
  readonly bestIndex: number;
  /** Counted from 1. */
  readonly iteration: number;
  readonly valsetSize: number;
  /**
   * The candidates of the Pareto frontier that are left when every candidate whose keys all have another member is
   * removed, lowest mean first; in order of their first key. With `among`, only these candidates count as members.
   */
  survivors(among?: readonly number[]): readonly Survivor[];
}
