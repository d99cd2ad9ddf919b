import { noTime } from '../../gepa-core/src/budget/spend.ts';
import { noUsage } from '../../gepa-core/src/budget/usage.ts';
import type { ReportSource } from '../../gepa-core/src/report-file/details.ts';
import type { RunData } from '../../gepa-core/src/run-data/run-data.ts';
import { type SimulatedRunOptions, simulatedSearch, total } from './simulated-search.ts';
import { inputOf, moods } from './simulated-texts.ts';

/** A simulated run: no model took part, scores and texts are drawn at random from a seed. */
export function simulatedRun(options: SimulatedRunOptions): ReportSource {
  const { state = 'ended' } = options;
  const search = simulatedSearch(options);
  const { trainset, valset, testset, candidates, proposals, reflections, rollouts } = search;
  const bestIndex = candidates.reduce(
    (best, { index, mean }) => (mean > candidates[best]!.mean ? index : best),
    0,
  );
  const seedScores = search.test(0);
  const bestScores = search.test(bestIndex);
  const metricCalls = search.metricCalls();
  const meanOf = (scores: readonly number[]) => total(scores) / scores.length;
  const gain = meanOf(bestScores) - meanOf(seedScores);
  const keys = valset.map((example) => {
    const top = Math.max(...candidates.map(({ scores }) => scores[example] ?? 0));
    return {
      example,
      score: top,
      candidates: candidates.filter(({ scores }) => scores[example] === top).map(({ index }) => index),
    };
  });
  const byMean = candidates
    .toSorted((a, b) => b.mean - a.mean)
    .slice(0, Math.max(1, Math.ceil(candidates.length / 5)));
  const taskUsage = {
    modelCalls: 2 * metricCalls,
    inputTokens: 410 * metricCalls,
    outputTokens: 66 * metricCalls,
    costUsd: 0.00021 * metricCalls,
  };
  const reflectionUsage = {
    modelCalls: reflections.length,
    inputTokens: 2300 * reflections.length,
    outputTokens: 420 * reflections.length,
    costUsd: 0.012 * reflections.length,
  };
  const part = (share: number) => ({
    metricCalls: Math.round(metricCalls * share),
    usage: {
      modelCalls: Math.round(taskUsage.modelCalls * share),
      inputTokens: Math.round(taskUsage.inputTokens * share),
      outputTokens: Math.round(taskUsage.outputTokens * share),
      costUsd: taskUsage.costUsd * share,
    },
  });
  const on = {
    examples: valset.length,
    positions: valset.map((_, position) => position),
    fresh: false,
    optimistic: false,
  };
  const isOver = state !== 'running';
  const data: RunData = {
    kind: 'search',
    runId: '3f0c9a52-simulated',
    startedAt: Date.UTC(2026, 10, 28, 22, 10),
    updatedAt: Date.UTC(2026, 10, 28, 22, 31),
    state,
    stopReason: state === 'ended' ? 'maxMetricCalls' : undefined,
    about: {
      components: [
        { name: 'classify.system', kind: 'prompt', variables: ['ticket'] },
        { name: 'reply.system', kind: 'prompt' },
      ],
      models: { task: ['simulated-small'], reflection: 'simulated-large' },
      strategies: {
        search: 'adaptive',
        candidateSelectionStrategy: 'leaderOrPareto',
        batchSampler: 'epochShuffled',
      },
      limits: { maxMetricCalls: Math.ceil((metricCalls + 30) / 100) * 100 },
      versions: { 'gepa-core': '0.1.0', node: '24.21.0' },
      seed: 0,
      perfectScore: 1,
    },
    examples: [...valset, ...trainset, ...testset].map((example) => ({
      example,
      id: example < valset.length ? `ticket-${example}` : `train-${example}`,
      input: inputOf(example),
      expected: { category: 'billing' },
      metadata: { mood: moods[example % moods.length] },
    })),
    trainset,
    valset,
    testset,
    candidates,
    proposals,
    reflections,
    rollouts,
    bestIndex,
    part: valset,
    pool: candidates.map(({ index }) => index),
    score: { seed: candidates[0]!.mean, best: candidates[bestIndex]!.mean, seedOn: on, bestOn: on },
    ...(isOver
      ? {
          test: {
            candidate: bestIndex,
            size: testset.length,
            seedScore: meanOf(seedScores),
            bestScore: meanOf(bestScores),
            seedScores,
            bestScores,
            gain,
            interval: [gain - 0.14, gain + 0.13] as const,
            metricCalls: 2 * testset.length,
          },
        }
      : {}),
    frontier: {
      type: 'instance',
      keys,
      candidates: byMean.map(({ index }) => index).sort((a, b) => a - b),
    },
    iterations: proposals.length,
    metricCalls,
    usage: {
      modelCalls: taskUsage.modelCalls + reflectionUsage.modelCalls,
      inputTokens: taskUsage.inputTokens + reflectionUsage.inputTokens,
      outputTokens: taskUsage.outputTokens + reflectionUsage.outputTokens,
      costUsd: taskUsage.costUsd + reflectionUsage.costUsd,
      byModel: { 'simulated-small': taskUsage, 'simulated-large': reflectionUsage },
    },
    spend: {
      seed: part(0.05),
      minibatch: part(0.3),
      valset: part(0.58),
      merge: { metricCalls: 0, usage: noUsage },
      testset: part(0.07),
      reflection: { metricCalls: 0, usage: reflectionUsage },
      judge: { metricCalls: 0, usage: noUsage },
    },
    time: {
      ...noTime,
      seed: 12_000,
      minibatch: 130_000,
      valset: 240_000,
      testset: 21_000,
      reflection: 410_000,
      other: 900,
    },
    durationMs: 813_900,
    retries: 3,
    warnings: [
      '2 of 24 validation examples are also in the trainset: val:3, val:7. Scores on them are too high.',
    ],
  };
  return {
    data,
    rollout: search.rollout,
    reflection: search.reflection,
  };
}
