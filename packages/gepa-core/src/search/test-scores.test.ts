import { expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { runTokenTask } from '../testing/token-task.ts';

const testset = tokenExamples('tests', 20);

it('the testset scores the seed and the best candidate after the search', async () => {
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
  const rollouts = run.events.filter(({ type }) => type === 'rollout_finished');
  expect(rollouts.slice(-40)).toEqual(seen);
  expect(run.events.at(-1)?.type).toBe('run_finished');
});

it('test examples that the search has run before need no metric calls', async () => {
  const valset = tokenExamples('valid', 8);
  const run = tokenRun({ valset, testset: [...valset.slice(0, 5), ...testset], maxMetricCalls: 400 });
  const result = await optimize(run.options);
  expect(result.bestIndex).toBeGreaterThan(0);
  expect(result.test).toMatchObject({ size: 25, metricCalls: 40 });
});

it('the testset is scored once if the seed is the best candidate', async () => {
  const result = await optimize(tokenRun({ testset, maxIterations: 2, propose: async () => ({}) }).options);
  expect(result.test).toMatchObject({ metricCalls: 20, gain: 0, interval: [0, 0] });
});

it('a test example that is unavailable for one candidate is left out for both, with a warning', async () => {
  const setup: Parameters<typeof tokenRun>[0] = { testset, maxMetricCalls: 400, retry: { retries: 0 } };
  const whole = (await optimize(tokenRun(setup).options)).test!;
  const run = tokenRun({
    ...setup,
    before({ context, example, candidate }) {
      const isSeed = Object.values(candidate).every((text) => text === 'base');
      if (context.phase !== 'testset' || example.id !== (isSeed ? 'tests-2' : 'tests-7')) return;
      throw Object.assign(new Error('busy'), { status: 503 });
    },
  });
  const { test, warnings, stopReason } = await optimize(run.options);
  const without = (scores: readonly (number | null)[], gap: number) =>
    scores.map((score, position) => (position === gap ? null : score));
  expect(stopReason).toBe('maxMetricCalls');
  expect(test).toMatchObject({
    size: 18,
    seedScores: without(whole.seedScores, 2),
    bestScores: without(whole.bestScores, 7),
    metricCalls: 38,
  });
  const pairs = [...testset.keys()].filter((position) => position !== 2 && position !== 7);
  const meanOf = (scores: readonly (number | null)[]) =>
    pairs.reduce((sum, position) => sum + scores[position]!, 0) / pairs.length;
  expect(test!.seedScore).toBe(meanOf(whole.seedScores));
  expect(test!.bestScore).toBe(meanOf(whole.bestScores));
  expect(warnings.join()).toContain('2 of the 20 test examples were unavailable');
});

it('an abort while the testset is scored leaves the test result out, also with unavailable examples', async () => {
  const controller = new AbortController();
  const run = tokenRun({
    testset,
    signal: controller.signal,
    retry: { retries: 0 },
    before({ context, example }) {
      if (context.phase !== 'testset') return;
      if (example.id === 'tests-2') throw Object.assign(new Error('busy'), { status: 503 });
      if (example.id === 'tests-9') controller.abort();
    },
  });
  const result = await optimize(run.options);
  expect(result.stopReason).toBe('aborted');
  expect(result.test).toBeUndefined();
});

it('an outage while the testset is scored leaves the test result out with a warning and keeps the candidates', async () => {
  const run = tokenRun({
    testset,
    maxIterations: 4,
    retry: { retries: 0 },
    before({ context }) {
      if (context.phase === 'testset') throw Object.assign(new Error('overloaded'), { status: 503 });
    },
  });
  const result = await optimize(run.options);
  expect(result.stopReason).toBe('providerUnavailable');
  expect(result.test).toBeUndefined();
  expect(result.warnings.join()).toContain('The testset was not scored');
  expect(result.warnings.join()).toContain('overloaded');
  expect(result.candidates.length).toBeGreaterThan(1);
});

it('test examples that fail far more often than those of the search are left out, with a warning', async () => {
  const setup: Parameters<typeof tokenRun>[0] = { testset, maxMetricCalls: 400 };
  const whole = (await optimize(tokenRun(setup).options)).test!;
  const run = tokenRun({
    ...setup,
    before({ context, example, candidate }) {
      const isSeed = Object.values(candidate).every((text) => text === 'base');
      const fails = !isSeed && Number(example.id.split('-')[1]) % 3 !== 0;
      // As after a deployment of which only a part of the servers works.
      if (context.phase === 'testset' && fails) throw new Error('Unexpected response');
    },
  });
  const { test, warnings } = await optimize(run.options);
  const left = whole.bestScores.filter((_, position) => position % 3 === 0);
  expect(test).toMatchObject({ size: left.length });
  expect(test!.gain).toBeGreaterThan(0);
  expect(test!.bestScore).toBeCloseTo(left.reduce((sum: number, score) => sum + score!, 0) / left.length);
  expect(warnings.join()).toMatch(
    /13 of the 20 rollouts of candidate \d+ failed, and 0 of \d+ in the search/,
  );
});

it('a candidate that fails as often on the testset as in the search is scored with its failures', async () => {
  const run = tokenRun({
    testset,
    maxMetricCalls: 400,
    before({ example }) {
      if (Number(example.id.split('-')[1]) % 3 === 0) throw new Error('No such record');
    },
  });
  const { test } = await optimize(run.options);
  expect(test).toMatchObject({ size: 20 });
});
