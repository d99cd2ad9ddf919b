import { describe, expect, it } from 'vitest';
import { MetricError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { replay } from '../report/result-of.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { tokenMetric } from '../testing/token-task.ts';
import type { FrontierType } from './state/search-view.ts';

const metric = tokenMetric({ multiObjective: true });
const types: readonly FrontierType[] = ['instance', 'objective', 'hybrid', 'cartesian'];
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.each(types)('with frontierType %s', (frontierType) => {
  const runOnce = async () => {
    const run = tokenRun({ metric, frontierType, maxIterations: 25, maxMetricCalls: 1_000, seed: 2 });
    return { run, result: await optimize(run.options) };
  };

  it(`the ${frontierType} frontier has the keys of its type, each with its best candidates`, async () => {
    const { run, result } = await runOnce();
    expect(result.candidates.length).toBeGreaterThan(2);
    const size = run.options.valset!.length;
    const count = { instance: size, objective: 2, hybrid: size + 2, cartesian: 2 * size }[frontierType];
    expect(result.frontier).toMatchObject({ type: frontierType });
    expect(result.frontier.keys).toHaveLength(count);
    for (const { example, objective, score, candidates } of result.frontier.keys) {
      const values = result.candidates.map(({ scores, objectives, objectiveScores }) => {
        if (objective === undefined) return scores[example!]!;
        return example === undefined ? objectives![objective]! : objectiveScores![objective]![example]!;
      });
      expect(score).toBe(Math.max(...values));
      expect(candidates).toEqual([...values.keys()].filter((index) => values[index] === score));
    }
    const onFrontier = new Set(result.frontier.keys.flatMap(({ candidates }) => candidates));
    expect(result.frontier.candidates.every((index) => onFrontier.has(index))).toBe(true);
  });

  it(`the result with frontierType ${frontierType} names the best candidate per objective and the undominated candidates`, async () => {
    const { run, result } = await runOnce();
    const means = result.candidates.map(
      ({ objectives }) => objectives as { coverage: number; brevity: number },
    );
    result.candidates.forEach(({ objectiveScores }, index) => {
      expect(means[index]!.coverage).toBe(mean(objectiveScores!.coverage as number[]));
    });
    const { best, undominated } = result.objectives!;
    expect(Object.keys(best)).toEqual(['coverage', 'brevity']);
    for (const name of ['coverage', 'brevity'] as const) {
      const values = means.map((objectives) => objectives[name]);
      expect(best[name]).toBe(values.indexOf(Math.max(...values)));
      expect(undominated.some((index) => values[index] === Math.max(...values))).toBe(true);
    }
    const dominated = means.map((b) =>
      means.some(
        (a) =>
          a.coverage >= b.coverage &&
          a.brevity >= b.brevity &&
          (a.coverage > b.coverage || a.brevity > b.brevity),
      ),
    );
    expect(undominated).toEqual([...dominated.keys()].filter((index) => !dominated[index]));
    expect(replay(run.decisions())).toEqual(result);
  });

  it(`a rollout that fails with frontierType ${frontierType} scores failureScore on every objective`, async () => {
    const run = tokenRun({
      metric,
      frontierType,
      maxIterations: 1,
      failureScore: -1,
      before({ example }) {
        if (example.id === 'valid-2') throw new Error('broken');
      },
    });
    const [seed] = (await optimize(run.options)).candidates;
    expect(seed!.objectiveScores).toMatchObject({ coverage: { 2: -1 }, brevity: { 2: -1 } });
    expect(seed!.scores[2]).toBe(-1);
  });
});

it('a seed whose rollouts all fail has no objectives, and the result names the best of the other candidates', async () => {
  const run = tokenRun({
    metric,
    maxIterations: 6,
    before({ candidate }) {
      if (candidate.extract === 'base' && candidate.route === 'base') throw new Error('too short');
    },
    propose: async ({ candidate, components }) =>
      Object.fromEntries(components.map((name) => [name, `${candidate[name]} red green blue`])),
  });
  const result = await optimize(run.options);
  expect(result.candidates.length).toBeGreaterThan(1);
  expect(result.candidates[0]!.objectives).toBeUndefined();
  expect(Object.keys(result.objectives!.best)).toEqual(['coverage', 'brevity']);
  expect(Object.values(result.objectives!.best)).not.toContain(0);
  expect(replay(run.decisions())).toEqual(result);
});

it.each(types.slice(1))('frontierType %s requires a metric with objectives', async (frontierType) => {
  const run = tokenRun({ frontierType, concurrency: 1 });
  const error = await optimize(run.options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MetricError);
  expect((error as Error).message).toContain(
    `no objectives for example valid-0, but frontierType is '${frontierType}'`,
  );
  expect(run.begun.size).toBe(1);
});

it('candidates with equal objectives are all undominated, and the first is named best', async () => {
  const run = tokenRun({ metric: ({ output }) => ({ score: output.present / 4, objectives: { even: 1 } }) });
  const { candidates, objectives } = await optimize(run.options);
  expect(candidates.length).toBeGreaterThan(2);
  expect(objectives).toEqual({ best: { even: 0 }, undominated: candidates.map(({ index }) => index) });
});

it('the result of a metric without objectives has no objectives', async () => {
  const result = await optimize(tokenRun({ valset: tokenExamples('valid', 3), maxIterations: 1 }).options);
  expect(result.objectives).toBeUndefined();
  expect(result.candidates[0]).not.toHaveProperty('objectives');
});
