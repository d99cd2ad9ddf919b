import type { CandidateEvaluation, EvaluatedExample } from '../evaluate/evaluation.ts';
import { bootstrapInterval } from './bootstrap.ts';
import { mean } from './mean.ts';

/** What a comparison shows: the second candidate is better or worse than the first, or the examples do not prove it. */
export type Verdict = 'better' | 'worse' | 'not proven';

/** An example on which the two candidates score differently. */
export interface ScoreChange {
  readonly exampleId: string;
  readonly before: number;
  readonly after: number;
}

/** Two candidates on the same examples: `after` against `before`. */
export interface Comparison {
  readonly before: string;
  readonly after: string;
  /** The number of examples on which both have a score. */
  readonly size: number;
  /** Mean of the paired differences, `after − before`. */
  readonly difference: number;
  /** 95 % confidence interval of the difference: paired bootstrap over the examples. */
  readonly interval: readonly [number, number];
  /** Examples on which `after` scores higher, lower, or the same. */
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** All wins and losses, the largest losses first. */
  readonly changes: readonly ScoreChange[];
  readonly verdict: Verdict;
  /**
   * About how many examples would prove a difference of this size; `undefined` when it is proven already or there is none.
   */
  readonly examplesNeeded: number | undefined;
  /** The cost of all rollouts in US dollars; `undefined` where it is unknown. */
  readonly costUsd: { readonly before: number | undefined; readonly after: number | undefined };
  /** Length of all texts in characters. */
  readonly characters: { readonly before: number; readonly after: number };
}

/** The part of a candidate's evaluation that a comparison uses. */
export interface Compared extends Pick<CandidateEvaluation, 'name' | 'usage' | 'characters'> {
  readonly examples: readonly Pick<EvaluatedExample, 'exampleId' | 'score'>[];
}

/** Fewer differing examples prove nothing: by chance, five of five point in the same direction once in 16 times. */
export const MIN_DIFFERING = 6;

/** Compares two candidates on the examples that both were scored on. */
export function compareEvaluations(before: Compared, after: Compared): Comparison {
  const pairs = before.examples.flatMap(({ exampleId, score }, position): ScoreChange[] => {
    const other = after.examples[position]?.score ?? null;
    return score === null || other === null ? [] : [{ exampleId, before: score, after: other }];
  });
  const differences = pairs.map(differenceOf);
  const difference = differences.length === 0 ? 0 : mean(differences);
  const interval = bootstrapInterval(differences);
  const differing = differences.filter((d) => d !== 0).length;
  const verdict = differing < MIN_DIFFERING ? 'not proven' : verdictOf(interval);
  const count = (matches: (difference: number) => boolean) => differences.filter(matches).length;
  return {
    before: before.name,
    after: after.name,
    size: pairs.length,
    difference,
    interval,
    wins: count((d) => d > 0),
    losses: count((d) => d < 0),
    ties: count((d) => d === 0),
    changes: pairs
      .filter((pair) => differenceOf(pair) !== 0)
      .sort((a, b) => differenceOf(a) - differenceOf(b)),
    verdict,
    examplesNeeded: verdict === 'not proven' ? examplesNeeded(differences, difference, differing) : undefined,
    costUsd: { before: before.usage.costUsd, after: after.usage.costUsd },
    characters: { before: before.characters, after: after.characters },
  };
}

/** Differences of decimal numbers are not exact: 0.4 − 0.3 is less than 0.1. */
const ROUNDING = 1e-12;

const differenceOf = ({ before, after }: ScoreChange): number =>
  Math.abs(after - before) <= ROUNDING * Math.max(1, Math.abs(before), Math.abs(after)) ? 0 : after - before;

/** Whether a comparison is lower by more than a margin. */
export const isBelow = ({ difference }: Pick<Comparison, 'difference'>, margin: number): boolean =>
  difference < -margin - ROUNDING * Math.max(1, Math.abs(difference), Math.abs(margin));

function verdictOf([low, high]: readonly [number, number]): Verdict {
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'not proven';
}

/** The normal approximation: the interval excludes 0 from 1.96 standard errors on. */
function examplesNeeded(
  differences: readonly number[],
  difference: number,
  differing: number,
): number | undefined {
  if (difference === 0 || differences.length < 2) return undefined;
  const forDiffering = Math.ceil((MIN_DIFFERING * differences.length) / differing);
  const variance = differences.reduce((sum, d) => sum + (d - difference) ** 2, 0) / (differences.length - 1);
  return Math.max(differences.length + 1, forDiffering, Math.ceil((1.96 ** 2 * variance) / difference ** 2));
}
