import { OptionsError } from '../errors.ts';
import type { TestScores } from '../result.ts';
import { countOf } from '../text/format.ts';
import { type SavedCandidate, savedCandidate } from './saved-candidate.ts';

/** The parts of a run that a saved candidate needs. */
export interface SavableRun {
  /** The program's own texts. */
  readonly seed: Readonly<Record<string, string>>;
  readonly candidates: readonly {
    readonly texts: Readonly<Record<string, string>>;
    readonly mean: number;
    /** The number of valset examples that it was scored on. */
    readonly coverage: number;
  }[];
  readonly bestIndex: number;
  /** Absent if the seed was not scored. */
  readonly score?: { readonly seed: number; readonly best: number };
  readonly test?: TestScores;
}

/**
 * The contents of a saved file. Only the seed and the best candidate of the search have scores on the testset.
 *
 * @throws {OptionsError} when there is no such candidate.
 */
export function savedFrom(run: SavableRun, index: number): SavedCandidate {
  const { seed, candidates, test } = run;
  const candidate = candidates[index];
  if (candidate === undefined) {
    throw new OptionsError([
      `There is no candidate ${index}: the run has ${countOf(candidates.length, 'candidate')}, counted from 0, the seed.`,
    ]);
  }
  return savedCandidate({
    texts: { ...candidate.texts },
    original: { ...seed },
    scores: {
      ...validationOf(run, index),
      ...(test === undefined || (index !== test.candidate && index !== 0)
        ? {}
        : {
            test: {
              size: test.size,
              seed: test.seedScore,
              best: index === 0 ? test.seedScore : test.bestScore,
              interval: index !== 0 ? [test.interval[0], test.interval[1]] : [0, 0],
            },
          }),
    },
  });
}

function validationOf(
  { candidates, bestIndex, score }: SavableRun,
  index: number,
): Pick<SavedCandidate['scores'], 'validation'> {
  const { mean, coverage } = candidates[index]!;
  if (score === undefined || coverage === 0) return {};
  const best = index === bestIndex ? score.best : index === 0 ? score.seed : mean;
  return { validation: { seed: score.seed, best } };
}
