import type { Candidate } from '../component.ts';
import type { Interruption } from '../interruption.ts';
import type { TestScores } from '../result.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { mean } from '../statistics/mean.ts';
import { sentence } from '../text/error-message.ts';
import type { Evaluator } from './evaluation/evaluator.ts';
import type { ExampleRef } from './evaluation/examples.ts';
import { haveJumped } from './evaluation/failure-check.ts';
import type { ScoredCandidate } from './state/search-view.ts';

/** Scores the seed and the best candidate on the testset, and compares them on the examples that both were scored on. */
export async function scoreTestset<Name extends string>(run: {
  readonly evaluator: Evaluator<Name>;
  readonly testset: readonly ExampleRef[];
  readonly iteration: number;
  readonly seed: ScoredCandidate<Name>;
  readonly best: ScoredCandidate<Name>;
  /** Repeats rollouts that are known already, under this name in the journal. */
  readonly repeat?: string;
  readonly warn: (message: string) => void;
}): Promise<TestScores | { readonly interruption: Interruption }> {
  const { evaluator, testset, iteration, seed, best, repeat, warn } = run;
  const costOf = (texts: Candidate<Name>, examples: readonly ExampleRef[]) =>
    repeat === undefined ? evaluator.cost(texts, examples) : examples.length;
  let metricCalls = 0;
  let gap: Interruption | undefined;
  const scoresOf = async (texts: Candidate<Name>, candidateIndex: number) => {
    const cost = costOf(texts, testset);
    const { rollouts, interruption } = await evaluator.evaluate(texts, testset, {
      iteration,
      phase: 'testset',
      candidateIndex,
      repeat,
    });
    if (interruption !== undefined && interruption.reason !== 'unavailable') return { interruption };
    gap ??= interruption;
    const missing = testset.filter((_, position) => rollouts[position] === undefined);
    metricCalls += cost - costOf(texts, missing);
    // The failures of a whole testset at its end were checked already. These are in between.
    const failures = rollouts.filter((rollout) => rollout?.error !== undefined);
    const before = evaluator.failuresOf(texts);
    const areVoid = haveJumped({ failed: failures.length, made: testset.length - missing.length }, before);
    if (areVoid) {
      const error = new Error(
        `${failures.length} of the ${testset.length} rollouts of candidate ${candidateIndex} failed, and ${before.failed} of ${before.made} in the search: ${failures[0]!.error}`,
      );
      gap ??= { reason: 'unavailable', error };
    }
    return rollouts.map((rollout) =>
      rollout === undefined || (areVoid && rollout.error !== undefined) ? null : rollout.score,
    );
  };
  const seedScores = await scoresOf(seed.texts, seed.index);
  if ('interruption' in seedScores) return seedScores;
  const bestScores = best.index === seed.index ? seedScores : await scoresOf(best.texts, best.index);
  if ('interruption' in bestScores) return bestScores;
  const pairs = seedScores.flatMap((seedScore, position) => {
    const bestScore = bestScores[position] ?? null;
    return seedScore === null || bestScore === null ? [] : [{ seedScore, bestScore }];
  });
  if (gap !== undefined) {
    if (pairs.length === 0) return { interruption: gap };
    warn(
      `${testset.length - pairs.length} of the ${testset.length} test examples were unavailable for one of the candidates, which are compared on the others: ${sentence(gap.error)}`,
    );
  }
  const seedScore = mean(pairs.map((pair) => pair.seedScore));
  const bestScore = mean(pairs.map((pair) => pair.bestScore));
  return {
    candidate: best.index,
    size: pairs.length,
    seedScore,
    bestScore,
    seedScores,
    bestScores,
    gain: bestScore - seedScore,
    interval: bootstrapInterval(pairs.map((pair) => pair.bestScore - pair.seedScore)),
    metricCalls,
  };
}
