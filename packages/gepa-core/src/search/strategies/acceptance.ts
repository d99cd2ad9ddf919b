import type { Candidate } from '../../component.ts';

/** A child and its parent on the same minibatch. */
export interface Trial<Name extends string = string> {
  readonly parent: number;
  readonly texts: Candidate<Name>;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** By name, or a function (reference: `acceptance_criterion`). */
export type AcceptanceCriterion<Name extends string = string> =
  | 'strict_improvement'
  | 'improvement_or_equal'
  | ((trial: Trial<Name>) => boolean);

export const total = (scores: readonly number[]): number => scores.reduce((sum, score) => sum + score, 0);

export const gain = (trial: Trial): number => total(trial.after) - total(trial.before);

/** Resolves the criterion; the default asks for a higher sum on the minibatch (paper, algorithm 1). */
export function acceptance<Name extends string>(
  criterion: AcceptanceCriterion<Name>,
): (trial: Trial<Name>) => boolean {
  if (criterion === 'strict_improvement') return ({ before, after }) => total(after) > total(before);
  if (criterion === 'improvement_or_equal') return ({ before, after }) => total(after) >= total(before);
  return criterion;
}
