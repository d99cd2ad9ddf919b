import type { ScoredCandidate, SearchView } from '../search-view.ts';

/** The state of a candidate's evaluation on the valset. */
export interface ValsetProgress {
  /** By position in the valset; `null` where the candidate has not been scored. */
  readonly scores: readonly (number | null)[];
  /** The search without this candidate. */
  readonly search: SearchView;
}

/** Decides which valset examples a new candidate is scored on. The seed is always scored on all of them. */
export interface EvaluationPolicy {
  /** The positions to score next. Called again after each part, until it returns none. */
  next(progress: ValsetProgress): readonly number[];
  /** The index of the best candidate. Default: highest mean, then most scored examples, then lowest index. */
  best?(candidates: readonly ScoredCandidate[]): number;
}

/** An evaluation policy, or the name of one (reference: `val_evaluation_policy`). */
export type EvaluationPolicyOption = 'full_eval' | EvaluationPolicy;

/** Scores every candidate on the whole valset (the default). */
export function fullEvaluation(): EvaluationPolicy {
  return { next: ({ scores }) => unscored(scores), best: bestOfComplete };
}

/**
 * Scores a candidate on a part of the valset first, and on the rest only if its mean on that part is at least the best
 * candidate's mean on the same part minus `margin`. Only candidates scored on the whole valset can be the best, so that
 * a candidate cannot win with a part of easy examples. `metricCallsSaved` of the result counts the skipped calls.
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
    best: bestOfComplete,
  };
  return policy;
}

export function evaluationPolicy(option: EvaluationPolicyOption): EvaluationPolicy {
  return option === 'full_eval' ? fullEvaluation() : option;
}

/** The index of the candidate with the highest mean, then the most scored examples, then the lowest index. */
export function bestByMean(candidates: readonly ScoredCandidate[]): number {
  return candidates.reduce((best, candidate) =>
    candidate.mean > best.mean || (candidate.mean === best.mean && candidate.coverage > best.coverage)
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
