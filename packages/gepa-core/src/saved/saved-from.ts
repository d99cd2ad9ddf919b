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
  }[];
  readonly bestIndex: number;
  readonly score: { readonly seed: number; readonly best: number };
  readonly test?: TestScores;
}

/**
 * The contents of a saved file. Only the seed and the best candidate of the search have scores on the testset.
 *
 * @throws {OptionsError} when there is no such candidate.
 */
export function savedFrom(run: SavableRun, index: number): SavedCandidate {
  const { seed, candidates, bestIndex, score, test } = run;
  const candidate = candidates[index];
  if (candidate === undefined) {
    throw new OptionsError([
      `There is no candidate ${index}: the run has ${countOf(candidates.length, 'candidate')}, counted from 0, the seed.`,
    ]);
  }
  const isBest = index === bestIndex;
  const best = isBest ? score.best : index === 0 ? score.seed : candidate.mean;
  return savedCandidate({
    texts: { ...candidate.texts },
    original: { ...seed },
    scores: {
      validation: { seed: score.seed, best },
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
