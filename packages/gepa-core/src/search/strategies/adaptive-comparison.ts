import { total } from '../../statistics/mean.ts';
import { meanAt } from '../state/scored-candidate.ts';
import type { ScoredCandidate } from '../state/search-view.ts';

/** The difference of two candidates' scores, example by example. */
export interface Paired {
  readonly mean: number;
  readonly variance: number;
  /** The standard error of the mean. */
  readonly error: number;
  readonly count: number;
}

/** Compares the scores of two candidates at the positions of the valset at which both have one. */
export function paired(
  a: readonly (number | null)[],
  b: readonly (number | null)[],
  positions: readonly number[],
): Paired {
  const differences = [...new Set(positions)].flatMap((position) => {
    const [x, y] = [a[position] ?? null, b[position] ?? null];
    return x === null || y === null ? [] : [x - y];
  });
  const count = differences.length;
  if (count === 0) return { mean: 0, variance: 0, error: 0, count };
  const mean = total(differences) / count;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = squares / Math.max(1, count - 1);
  return { mean, variance, error: Math.sqrt(variance / count), count };
}

/** Whether the first candidate is better by more than some standard errors. Needs more than one example. */
export const isBetter = ({ mean, error, count }: Paired, errors: number): boolean =>
  count > 1 && mean > 0 && mean > errors * error;

/** Above this share of the perfect score, a change can break more examples than it can fix. */
const MOSTLY_PERFECT = 0.8;

/**
 * Candidates by their mean on a part of the valset, best first. Among equals, the newest comes first: it was better than
 * its parent on a minibatch. If they are mostly perfect, the oldest comes first: a minibatch shows what a change fixed, but
 * rarely what it broke.
 */
export function ranked(
  candidates: readonly ScoredCandidate[],
  part: readonly number[],
  perfectScore = Number.POSITIVE_INFINITY,
): ScoredCandidate[] {
  return candidates.toSorted((a, b) => {
    const mean = meanAt(a, part);
    const age = mean > MOSTLY_PERFECT * perfectScore ? a.index - b.index : b.index - a.index;
    return meanAt(b, part) - mean || age;
  });
}
