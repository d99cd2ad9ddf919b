import type { OptimizationResult } from '../result.ts';
import { type SavedCandidate, savedCandidate } from './saved-candidate.ts';

/** The parts of a run that a saved candidate needs. */
export interface SavableRun {
  readonly bestIndex: number;
  readonly candidates: readonly {
    readonly texts: Readonly<Record<string, string>>;
    readonly mean: number;
  }[];
  readonly score: { readonly seed: number; readonly best: number };
  readonly test?: Pick<NonNullable<OptimizationResult['test']>, 'size' | 'seedScore' | 'bestScore' | 'interval'>;
}

/** What `save` writes of a candidate. Only the best one has held-out scores. */
export function savedFrom({ bestIndex, candidates, score, test }: SavableRun, index: number): SavedCandidate {
  const { texts, mean } = candidates[index]!;
  const isBest = index === bestIndex;
  return savedCandidate({
    texts: { ...texts },
    original: { ...candidates[0]!.texts },
    scores: {
      validation: { seed: score.seed, best: isBest ? score.best : mean },
      ...(test === undefined || !isBest
        ? {}
        : {
            test: {
              size: test.size,
              seed: test.seedScore,
              best: test.bestScore,
              interval: [test.interval[0], test.interval[1]],
            },
          }),
    },
  });
}
