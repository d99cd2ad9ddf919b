import { bootstrapInterval } from '../bootstrap.ts';
import type { Candidate } from '../component.ts';
import type { Interruption } from '../effects/interruption.ts';
import type { TestScores } from '../result.ts';
import type { ScoredCandidate } from '../search-view.ts';
import type { Evaluator } from './evaluator.ts';
import type { ExampleRef } from './examples.ts';

/** Scores the seed and the best candidate on the held-out examples, unless that is cut short. */
export async function scoreTestset<Example, Output, Trace, Name extends string>(run: {
  readonly evaluator: Evaluator<Example, Output, Trace, Name>;
  readonly testset: readonly ExampleRef<Example>[];
  readonly iteration: number;
  readonly seed: ScoredCandidate<Name>;
  readonly best: ScoredCandidate<Name>;
}): Promise<TestScores | { readonly interruption: Interruption }> {
  const { evaluator, testset, iteration, seed, best } = run;
  let metricCalls = 0;
  const scoresOf = async (texts: Candidate<Name>, candidateIndex: number) => {
    metricCalls += evaluator.cost(texts, testset);
    const { rollouts, interruption } = await evaluator.evaluate(texts, testset, {
      iteration,
      phase: 'testset',
      candidateIndex,
    });
    return interruption === undefined ? rollouts.map((rollout) => rollout!.score) : { interruption };
  };
  const seedScores = await scoresOf(seed.texts, seed.index);
  if ('interruption' in seedScores) return seedScores;
  const bestScores = best.index === seed.index ? seedScores : await scoresOf(best.texts, best.index);
  if ('interruption' in bestScores) return bestScores;
  return {
    size: testset.length,
    seedScore: mean(seedScores),
    bestScore: mean(bestScores),
    seedScores,
    bestScores,
    gain: mean(bestScores) - mean(seedScores),
    interval: bootstrapInterval(bestScores.map((score, i) => score - seedScores[i]!)),
    metricCalls,
  };
}

const mean = (scores: readonly number[]): number =>
  scores.reduce((sum, score) => sum + score, 0) / scores.length;
