import type { Random } from '../../statistics/random.ts';
import { meanAt } from '../state/scored-candidate.ts';
import type { Pool, ScoredCandidate, SearchView } from '../state/search-view.ts';
import type { StopReason } from './stop-reason.ts';

/** The state of a candidate's evaluation on the valset. */
export interface ValsetProgress {
  /** By position in the valset; `null` where the candidate has not been scored. */
  readonly scores: readonly (number | null)[];
  /** The search so far, without this candidate. */
  readonly search: SearchView;
}

/** The arguments of an evaluation policy. */
export interface PolicyRequest {
  readonly search: SearchView;
  /** The limit on metric calls and what is left of it, without the calls kept for the testset; `Infinity` without one. */
  readonly metricCalls: { readonly limit: number; readonly left: number };
  /** The number of examples in a minibatch. */
  readonly minibatchSize: number;
  readonly random: Random;
}

/** The arguments of a final comparison. */
export interface FinalsRequest extends PolicyRequest {
  /** Why the search ended. `'maxMetricCalls'`: too few are left for another proposal. */
  readonly stopReason: StopReason;
}

/** A step of the final comparison: candidates to run on positions of the valset, or the final choice. */
export type FinalStep =
  | { readonly candidates: readonly number[]; readonly positions: readonly number[] }
  | {
      readonly best: number;
      /** The positions whose mean is reported as the score of the best candidate. */
      readonly positions: readonly number[];
    };

/** Decides which candidates are scored on which examples of the valset, and which is the best. */
export interface EvaluationPolicy {
  /** The positions on which to score a new candidate next. Called again after each step, until it returns none. */
  next(progress: ValsetProgress): readonly number[];
  /**
   * The candidates to compare from now on, and the part of the valset on which to compare them; with the reason of a change,
   * as a clause. Called before the seed is scored (without a candidate), after it, and after each iteration. The search
   * then makes the rollouts that candidates lack on the part and calls it again, until it returns the same pool. Default:
   * all candidates, on the positions on which all of them have scores. With `pool`, an iteration starts if the metric
   * calls suffice to score each child on the part; without it, on the whole valset.
   */
  pool?(request: PolicyRequest): Pool & { readonly reason: string };
  /**
   * The index of the best candidate of the pool.
   *
   * Default: the highest mean on the part, then the most scored examples, then the lowest index.
   */
  best?(candidates: readonly ScoredCandidate[], part: readonly number[]): number;
  /** The share of every limit, from 0 to 1, that is kept for `finals`. Default 0. */
  reserve?(request: PolicyRequest): number;
  /**
   * The next step of a final comparison, after the search, while calls are left. Called until it returns the choice, or until
   * the limits interrupt a step. Default: no final comparison; the best candidate of the search is chosen.
   */
  finals?(request: FinalsRequest): FinalStep;
}

/** An evaluation policy, or the name of one (reference: `val_evaluation_policy`). */
export type EvaluationPolicyOption = 'growing_part' | 'full_eval' | EvaluationPolicy;

/** Scores every candidate on the whole valset, as in the reference. */
export function fullEvaluation(): EvaluationPolicy {
  return { next: ({ scores }) => unscored(scores), best: bestOfComplete };
}

/** All candidates, on the positions on which all of them have scores, or on all positions if there is none. */
export function sharedPart({ search }: PolicyRequest): Pool & { readonly reason: string } {
  const { candidates, valsetSize } = search;
  const all = Array.from({ length: valsetSize }, (_, position) => position);
  const shared = all.filter((position) => candidates.every(({ scores }) => scores[position] !== null));
  return {
    candidates: candidates.map(({ index }) => index),
    part: shared.length === 0 ? all : shared,
    reason: 'these positions are scored for every candidate',
  };
}

/**
 * Scores a candidate on a part of the valset first, and on the rest only if its mean on that part is at least the best
 * candidate's mean on the same part minus `margin`. Only candidates scored on the whole valset can be the best or become
 * parents, so that a candidate cannot win with a part of easy examples. `metricCallsSaved` of the result counts the
 * skipped calls.
 *
 * @param options `firstPart` is a fraction of the valset (default: 0.25), `margin` a score difference (default: 0.05).
 */
export function stagedEvaluation(
  options: { readonly firstPart?: number; readonly margin?: number } = {},
): EvaluationPolicy {
  const { firstPart = 0.25, margin = 0.05 } = options;
  const policy: EvaluationPolicy & typeof options = {
    // Fields of the policy, so that the fingerprint of a run includes them.
    firstPart,
    margin,
    next({ scores, search }) {
      const open = unscored(scores);
      if (open.length === 0) return [];
      if (open.length === scores.length) return spread(scores.length, firstPart);
      const best = search.candidates[search.bestIndex]!;
      return meanOn(scores, scores) >= meanOn(best.scores, scores) - margin ? open : [];
    },
    pool({ search: { candidates, valsetSize } }) {
      const complete = candidates.filter(({ coverage }) => coverage === valsetSize);
      return {
        candidates: (complete.length > 0 ? complete : candidates).map(({ index }) => index),
        part: Array.from({ length: valsetSize }, (_, position) => position),
        reason: 'the first part of the valset ruled candidates out',
      };
    },
    best: bestOfComplete,
  };
  return policy;
}

/** The index of the candidate with the highest mean on a part, then the most scored examples, then the lowest index. */
export function bestByMean(candidates: readonly ScoredCandidate[], part?: readonly number[]): number {
  const mean = (candidate: ScoredCandidate) =>
    part === undefined ? candidate.mean : meanAt(candidate, part);
  return candidates.reduce((best, candidate) =>
    mean(candidate) > mean(best) || (mean(candidate) === mean(best) && candidate.coverage > best.coverage)
      ? candidate
      : best,
  ).index;
}

/** Ignores candidates that were scored on a part of the valset only, unless there are no others. */
function bestOfComplete(candidates: readonly ScoredCandidate[]): number {
  const complete = candidates.filter(({ coverage, scores }) => coverage === scores.length);
  return bestByMean(complete.length > 0 ? complete : candidates);
}

function unscored(scores: readonly (number | null)[]): number[] {
  return Array.from(scores.keys()).filter((position) => scores[position] === null);
}

/** Evenly spaced positions, so that the part represents a sorted valset too. */
function spread(size: number, fraction: number): number[] {
  const count = Math.min(size, Math.max(1, Math.round(size * fraction)));
  return Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}

/** The mean of `scores` at the positions at which `reference` has a score. */
function meanOn(scores: readonly (number | null)[], reference: readonly (number | null)[]): number {
  let sum = 0;
  let count = 0;
  reference.forEach((score, position) => {
    if (score === null) return;
    sum += scores[position] ?? 0;
    count++;
  });
  return count === 0 ? 0 : sum / count;
}
