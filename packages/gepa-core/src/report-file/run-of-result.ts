import type { OptimizationResult } from '../result.ts';
import type { RunData } from '../run-data/run-data.ts';

/** Converts a result. Inputs, outputs, proposals and prompts are missing: only the run directory has them. */
export function runOfResult(result: OptimizationResult): RunData {
  const { candidates, test, seedScore, bestScore, seedScoredOn, scoredOn, bestCandidate } = result;
  const size = candidates[0]?.scores.length ?? 0;
  const [now, valset] = [Date.now(), Array.from({ length: size }, (_, position) => position)];
  const testset = Array.from({ length: test?.seedScores.length ?? 0 }, (_, position) => size + position);
  return {
    kind: 'search',
    runId: result.runId,
    startedAt: now - result.durationMs,
    updatedAt: now,
    state: 'ended',
    stopReason: result.stopReason,
    budgetHeld: result.budgetHeld,
    about: {
      components: Object.keys(bestCandidate).map((name) => ({ name })),
      models: { task: [] },
      strategies: {},
      limits: {},
      versions: {},
      seed: 0,
    },
    examples: [
      ...valset.map((position) => ({ example: position, id: `val:${position}` })),
      ...testset.map((example, position) => ({ example, id: `test:${position}` })),
    ],
    trainset: [],
    valset,
    testset,
    candidates: candidates.map((candidate) => ({
      index: candidate.index,
      texts: candidate.texts,
      parents: candidate.parents,
      source: candidate.source,
      iteration: candidate.iteration,
      at: 0,
      metricCalls: candidate.metricCalls,
      scores: candidate.scores,
      mean: candidate.mean,
      coverage: candidate.coverage,
      partMean: meanOn(candidate.scores, result.part),
    })),
    proposals: [],
    reflections: [],
    rollouts: [],
    bestIndex: result.bestIndex,
    part: result.part,
    pool: candidates.map(({ index }) => index),
    ...(seedScoredOn.examples === 0
      ? {}
      : { score: { seed: seedScore, best: bestScore, seedOn: seedScoredOn, bestOn: scoredOn } }),
    test,
    frontier: result.frontier,
    iterations: result.iterations,
    metricCalls: result.totalMetricCalls,
    usage: result.usage,
    spend: result.spend,
    time: result.time,
    durationMs: result.durationMs,
    retries: result.retries,
    cacheHits: result.cacheHits,
    warnings: result.warnings,
  };
}

function meanOn(scores: readonly (number | null)[], positions: readonly number[]): number {
  const known = positions.flatMap((position) => scores[position] ?? []);
  return known.reduce((sum, score) => sum + score, 0) / Math.max(1, known.length);
}
