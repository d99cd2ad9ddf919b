import type { Candidate } from '../../component.ts';

/** The origin of a candidate; `'given'`: by `seedCandidates` or `continueFrom`. */
export type CandidateSource = 'seed' | 'given' | 'reflection' | 'merge';

/** A candidate that was scored on the valset, or on a part of it. */
export interface ScoredCandidate<Name extends string = string> {
  /** Its number: 0 is the seed. */
  readonly index: number;
  readonly texts: Candidate<Name>;
  readonly parents: readonly number[];
  readonly source: CandidateSource;
  /** The iteration that found it; 0 for the seed. */
  readonly iteration: number;
  /** The number of the proposal that it was; absent for the seed. */
  readonly proposal?: number;
  /** By position in the valset; `null` where it was not run. The mean of its rollouts where it was run repeatedly. */
  readonly scores: readonly (number | null)[];
  /** The number of rollouts behind each score. Absent: one each. */
  readonly runs?: readonly number[];
  /** The mean of its scores; 0 when it has none. */
  readonly mean: number;
  /** On how many valset examples it was scored. */
  readonly coverage: number;
  /** Its mean of each objective, where the metric gives objectives. */
  readonly objectives?: Readonly<Record<string, number>>;
  /** The scores behind `objectives`, by position in the valset. */
  readonly objectiveScores?: Readonly<Record<string, readonly (number | null)[]>>;
  /** The number of rollouts on the valset, when it was found, in which the program or the metric threw; and the first message. */
  readonly failed?: number;
  readonly error?: string;
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

/**
 * Which candidates the search compares, and on which part of the valset. Frontier, leader and parents are chosen among
 * these candidates by their scores on this part.
 */
export interface Pool {
  /** Indices of candidates, ascending. */
  readonly candidates: readonly number[];
  /** Positions in the valset. A position that is listed twice asks for two rollouts. */
  readonly part: readonly number[];
}

/** The search as strategies see it. */
export interface SearchView<Name extends string = string> {
  /** All candidates, also those that left the pool. */
  readonly candidates: readonly ScoredCandidate<Name>[];
  /** The candidates that are compared, and the part of the valset on which they are. */
  readonly pool: Pool;
  /** The leader: the best candidate so far. */
  readonly bestIndex: number;
  /** The iteration in which it became the leader. */
  readonly bestSince: number;
  /** Counted from 1. */
  readonly iteration: number;
  readonly valsetSize: number;
  readonly trainsetSize: number;
  /** The score from which a rollout counts as perfect; undefined where perfect minibatches are not skipped. */
  readonly perfectScore: number | undefined;
  /** The children that were run on a minibatch so far, accepted or not. */
  readonly childrenTested: number;
  /** The mean of a candidate's scores on the part of the pool; 0 without any. */
  partMean(index: number): number;
  /** A candidate's known scores on the trainset, by position; `null` where it was not run. */
  trainScores(index: number): readonly (number | null)[];
  /**
   * The candidates of the Pareto frontier that are left when every candidate whose keys all have another member is
   * removed, lowest mean first; in order of their first key. With `among`, only these candidates count as members. Of
   * equal means, the candidate with the earlier key is removed first, or with `ties: 'older'` the older candidate.
   */
  survivors(among?: readonly number[], ties?: 'key' | 'older'): readonly Survivor[];
}
