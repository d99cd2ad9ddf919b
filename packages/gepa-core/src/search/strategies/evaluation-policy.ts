import type { ScoredCandidate, SearchView } from '../search-view.ts';

/** A candidate on its way through the valset. */
export interface ValsetProgress {
  /** By position in the valset; `null` where it was not run yet. */
  readonly scores: readonly (number | null)[];
  /** The pool so far, without this candidate. */
  readonly search: SearchView;
}

/** Decides how much of the valset a new candidate is scored on. The seed is always scored on all of it. */
export interface EvaluationPolicy {
  /** The positions to score next; none ends the candidate's evaluation. Asked again after each part. */
  next(progress: ValsetProgress): readonly number[];
  /** The best of the pool. Default: highest mean, then most examples, then lowest number. */
  best?(candidates: readonly ScoredCandidate[]): number;
}

/** By name, or an object (reference: `val_evaluation_policy`). */
export type EvaluationPolicyOption = 'full_eval' | EvaluationPolicy;

/** The whole valset for every candidate (the default). */
export function fullEvaluation(): EvaluationPolicy {
  return { next: ({ scores }) => unscored(scores), best: bestOfComplete };
}

/**
 * A small part first, the rest only for candidates still in the running: those whose mean on the part comes within
 * `margin` of the best candidate's mean on the same part. Only candidates scored on everything can be the best, so
 * that nobody wins on easy examples. The result's `metricCallsSaved` says what it saved.
 */
export function stagedEvaluation(
  options: { readonly firstPart?: number; readonly margin?: number } = {},
): EvaluationPolicy {
  const { firstPart = 0.25, margin = 0.05 } = options;
  const policy: EvaluationPolicy & typeof options = {
    // Told to whoever compares policies, such as a run directory.
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

/** Highest mean, then most examples, then lowest number. */
export function bestByMean(candidates: readonly ScoredCandidate[]): number {
  return candidates.reduce((best, candidate) =>
    candidate.mean > best.mean || (candidate.mean === best.mean && candidate.coverage > best.coverage)
      ? candidate
      : best,
  ).index;
}

/** A candidate that was not scored everywhere (the run was aborted, say) is no rival for one that was. */
function bestOfComplete(candidates: readonly ScoredCandidate[]): number {
  const complete = candidates.filter(({ coverage, scores }) => coverage === scores.length);
  return bestByMean(complete.length > 0 ? complete : candidates);
}

function unscored(scores: readonly (number | null)[]): number[] {
  return Array.from(scores.keys()).filter((position) => scores[position] === null);
}

/** Positions spread evenly, so that a sorted valset gives a fair part. */
function spread(size: number, fraction: number): number[] {
  const count = Math.min(size, Math.max(1, Math.round(size * fraction)));
  return Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}

function meanOn(scores: readonly (number | null)[], where: readonly (number | null)[]): number {
  let sum = 0;
  let count = 0;
  where.forEach((marked, position) => {
    if (marked === null) return;
    sum += scores[position] ?? 0;
    count++;
  });
  return count === 0 ? 0 : sum / count;
}
