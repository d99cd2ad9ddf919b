import { expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { runTokenTask } from '../testing/token-task.ts';
import { tokenExamples, tokenRun } from './fixtures/token-run.ts';

const testset = tokenExamples('tests', 20);

it('scores the seed and the best on examples the search never saw', async () => {
  const run = tokenRun({ testset, maxMetricCalls: 400 });
  const result = await optimize(run.options);
  const scoresOf = (index: number) =>
    testset.map((example) => {
      const { present, unwanted } = runTokenTask(result.candidates[index]!.texts, example).output;
      return Math.max(0, (1 + present) / 4 - 0.25 * unwanted);
    });
  const test = result.test!;
  expect(result.bestIndex).toBeGreaterThan(0);
  expect(test.seedScores).toEqual(scoresOf(0));
  expect(test.bestScores).toEqual(scoresOf(result.bestIndex));
  expect(test).toMatchObject({ size: 20, metricCalls: 40, gain: test.bestScore - test.seedScore });
  expect(test.interval[0]).toBeLessThanOrEqual(test.gain);
  expect(test.interval[1]).toBeGreaterThanOrEqual(test.gain);
  const seen = run.events.filter(
    (event) => event.type === 'rollout_finished' && event.exampleId.startsWith('tests'),
  );
  expect(seen).toHaveLength(40);
  expect(run.events.slice(-41, -1).every((event) => seen.includes(event))).toBe(true);
});

it('costs nothing for examples that were run before', async () => {
  const valset = tokenExamples('valid', 8);
  const run = tokenRun({ valset, testset: [...valset.slice(0, 5), ...testset], maxMetricCalls: 400 });
  const result = await optimize(run.options);
  expect(result.bestIndex).toBeGreaterThan(0);
  expect(result.test).toMatchObject({ size: 25, metricCalls: 40 });
});

it('costs one pass where the seed is the best', async () => {
  const result = await optimize(tokenRun({ testset, maxIterations: 2, propose: async () => ({}) }).options);
  expect(result.test).toMatchObject({ metricCalls: 20, gain: 0, interval: [0, 0] });
});

it('is left out with a word on why, when it cannot be measured; what was found stays', async () => {
  const run = tokenRun({
    testset,
    maxIterations: 4,
    retry: { retries: 0 },
    before({ context }) {
      if (context.phase === 'testset') throw Object.assign(new Error('gone home'), { status: 503 });
    },
  });
  const result = await optimize(run.options);
  expect(result.stopReason).toBe('providerUnavailable');
  expect(result.test).toBeUndefined();
  expect(result.warnings.join()).toContain('The testset was not scored');
  expect(result.warnings.join()).toContain('gone home');
  expect(result.candidates.length).toBeGreaterThan(1);
});
