import type { Candidate } from '../../component.ts';
import { total } from '../../statistics/mean.ts';

/** A child compared with its parent on the same minibatch. */
export interface Trial<Name extends string = string> {
  /** Index of the parent. */
  readonly parent: number;
  /** The child. */
  readonly texts: Candidate<Name>;
  /** The parent's scores by position in the minibatch. */
  readonly before: readonly number[];
  /** The child's scores by position in the minibatch. */
  readonly after: readonly number[];
}

/** Decides whether a child is accepted: a name, or a function (reference: `acceptance_criterion`). */
export type AcceptanceCriterion<Name extends string = string> =
  | 'strict_improvement'
  | 'improvement_or_equal'
  | ((trial: Trial<Name>) => boolean);

export const gain = (trial: Trial): number => total(trial.after) - total(trial.before);

/** The function for a criterion. The default requires a higher sum on the minibatch (paper, algorithm 1). */
export function acceptance<Name extends string>(
  criterion: AcceptanceCriterion<Name>,
): (trial: Trial<Name>) => boolean {
  if (criterion === 'strict_improvement') return ({ before, after }) => total(after) > total(before);
  if (criterion === 'improvement_or_equal') return ({ before, after }) => total(after) >= total(before);
  return criterion;
}
