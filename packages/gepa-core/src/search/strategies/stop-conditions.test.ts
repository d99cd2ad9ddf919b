import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelCallUsage } from '../../budget/usage.ts';
import { stopFile } from '../../exports/node.ts';
import { optimize } from '../../optimize.ts';
import { tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import * as conditions from './stop-conditions.ts';

/** Runs with the stop conditions as the only limits. */
const stoppedBy = async (...stopConditions: conditions.StopCondition[]) => {
  const { maxMetricCalls, ...options } = tokenRun({ stopConditions }).options;
  expect(maxMetricCalls).toBeDefined();
  return optimize(options);
};
const { anyOf, allOf, cost, duration, iterations, metricCalls, scoreReached, noImprovement } = conditions;

it('metricCalls stops the run after n metric calls, at the end of the iteration', async () => {
  const result = await stoppedBy(metricCalls(30));
  expect(result.stopReason).toBe('maxMetricCalls');
  expect(result.totalMetricCalls).toBeGreaterThanOrEqual(30);
  expect(result.totalMetricCalls).toBeLessThan(30 + 14);
});

it('iterations stops the run after n iterations', async () => {
  expect(await stoppedBy(iterations(4))).toMatchObject({ stopReason: 'maxIterations', iterations: 4 });
});

it('scoreReached stops the run before the first iteration if the seed has the score', async () => {
  expect(await stoppedBy(scoreReached(0))).toMatchObject({ stopReason: 'scoreReached', iterations: 0 });
});

it('scoreReached stops the run when the best candidate reaches the score', async () => {
  const result = await stoppedBy(scoreReached(0.5));
  expect(result.stopReason).toBe('scoreReached');
  expect(result.bestScore).toBeGreaterThanOrEqual(0.5);
  expect(result.candidates.slice(0, -1).every(({ mean }) => mean < 0.5)).toBe(true);
});

it.each([
  ['the whole valset', undefined],
  [
    'a part of the valset',
    { next: ({ scores }: { scores: readonly unknown[] }) => (scores[0] === null ? [0, 1, 2] : []) },
  ],
])(
  'noImprovement stops the run after n iterations without a new best candidate on %s',
  async (_, valEvaluationPolicy) => {
    const run = tokenRun({
      maxMetricCalls: 3_000,
      stopConditions: [noImprovement(4)],
      valEvaluationPolicy,
    });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('noImprovement');
    expect(result.bestIndex).toBeGreaterThan(0);
    expect(result.iterations).toBe(result.candidates[result.bestIndex]!.iteration + 4);
  },
);

it('noImprovement counts from the iteration in which an older candidate became the best again', async () => {
  let returns = 0;
  for (let seed = 0; seed < 12; seed++) {
    const run = tokenRun({
      seed,
      search: 'adaptive',
      trainset: tokenExamples('train', 30),
      valset: tokenExamples('valid', 60),
      maxMetricCalls: 1_500,
      stopConditions: [noImprovement(8)],
    });
    const { stopReason, iterations } = await optimize(run.options);
    if (stopReason !== 'noImprovement') continue;
    let [iteration, best, since] = [0, 0, 0];
    for (const event of run.decisions()) {
      if (event.type === 'iteration_started') iteration = event.iteration;
      const next = event.type === 'candidate_added' || event.type === 'pool_changed' ? event.bestIndex : best;
      if (next < best) returns++;
      if (next !== best) since = iteration;
      best = next;
    }
    expect(iterations).toBe(since + 8);
  }
  expect(returns).toBeGreaterThan(0);
});

it('duration stops the run after a time', async () => {
  const result = await stoppedBy(duration(1));
  expect(result.stopReason).toBe('maxDurationMs');
  expect(result.durationMs).toBeGreaterThanOrEqual(1);
});

it('cost stops the run after a cost in dollars', async () => {
  const usage = modelCallUsage({ costUsd: 0.25 });
  const run = tokenRun({
    stopConditions: [cost(4)],
    metric: ({ output }) => ({ score: output.present / 4, usage }),
  });
  const result = await optimize(run.options);
  expect(result.stopReason).toBe('maxCostUsd');
  expect(result.usage.costUsd).toBeGreaterThanOrEqual(4);
});

it('signalAborted stops the run after the iteration in which the signal is aborted', async () => {
  const controller = new AbortController();
  const run = tokenRun({
    stopConditions: [conditions.signalAborted(controller.signal)],
    onEvent: ({ type }) => {
      if (type === 'task_evaluated') controller.abort();
    },
  });
  expect(await optimize(run.options)).toMatchObject({ stopReason: 'aborted', iterations: 1 });
  expect(run.decisions().some(({ type }) => type === 'proposal_evaluated')).toBe(true);
});

it.each(Object.entries({ metricCalls, iterations, duration, cost, scoreReached, noImprovement }))(
  'stopConditions.%s refuses what is not a number, which would never stop the run',
  (name, condition) => {
    for (const value of [undefined, '5', Number.NaN]) {
      expect(() => condition(value as never)).toThrow(
        `The argument of stopConditions.${name} must be a number (got`,
      );
    }
  },
);

it('stopFile refuses an empty path', () => {
  expect(() => stopFile('')).toThrow('The path must be a text that is not empty (got "").');
});

it('stopFile stops the run when the file exists', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gepa-stop-'));
  try {
    const file = join(folder, 'stop');
    const run = tokenRun({
      stopConditions: [stopFile(file)],
      onEvent: (event) => {
        if (event.type === 'iteration_started' && event.iteration === 3) writeFileSync(file, '');
      },
    });
    expect(await optimize(run.options)).toMatchObject({ stopReason: 'stopFile', iterations: 3 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('combined stop conditions', () => {
  it('anyOf, and a list of stop conditions, stop the run at the first reason', async () => {
    expect(await stoppedBy(anyOf(iterations(5), iterations(2)))).toMatchObject({ iterations: 2 });
    expect(await stoppedBy(iterations(5), iterations(2))).toMatchObject({ iterations: 2 });
  });

  it('allOf stops the run when all conditions return a reason', async () => {
    const result = await stoppedBy(allOf(metricCalls(20), iterations(5)), iterations(40));
    expect(result).toMatchObject({ stopReason: 'maxIterations', iterations: 5 });
    expect(
      await stoppedBy(
        allOf(iterations(5), () => undefined),
        iterations(7),
      ),
    ).toMatchObject({ iterations: 7 });
    expect(
      await stoppedBy(
        allOf(() => undefined, iterations(5)),
        iterations(7),
      ),
    ).toMatchObject({ iterations: 7 });
  });

  it('anyOf and allOf without conditions never stop the run', async () => {
    expect(await stoppedBy(anyOf(), allOf(), iterations(2))).toMatchObject({ iterations: 2 });
  });
});

it('scoreReached does not count a score on a few examples of the valset', async () => {
  // The first examples are easy.
  const { stopReason } = await optimize({
    seedCandidate: { prompt: 'a' },
    run: (_, example: { id: number }) => ({ output: example.id }),
    metric: ({ output }) => (output < 3 ? 1 : 0),
    trainset: [{ id: 100 }],
    valset: Array.from({ length: 10 }, (_, id) => ({ id })),
    valEvaluationPolicy: {
      next: ({ scores }) => (scores[0] === null ? [0, 1, 2] : []),
    },
    propose: async ({ candidate }) => ({ prompt: `${candidate.prompt}a` }),
    stopConditions: [scoreReached(0.9), iterations(2)],
  });
  expect(stopReason).toBe('maxIterations');
});
