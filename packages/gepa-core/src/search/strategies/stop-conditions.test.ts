import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelCallUsage } from '../../budget/usage.ts';
import { stopFile } from '../../node/index.ts';
import { optimize } from '../../optimize.ts';
import { tokenRun } from '../../testing/fixtures/token-run.ts';
import * as conditions from './stop-conditions.ts';

/** No bound but the conditions. */
const stoppedBy = async (...stopConditions: conditions.StopCondition[]) => {
  const { maxMetricCalls, ...options } = tokenRun({ stopConditions }).options;
  expect(maxMetricCalls).toBeDefined();
  return optimize(options);
};
const { anyOf, allOf, iterations, metricCalls, scoreReached, noImprovement } = conditions;

it('stops after so many metric calls, at the end of the iteration', async () => {
  const result = await stoppedBy(metricCalls(30));
  expect(result.stopReason).toBe('maxMetricCalls');
  expect(result.totalMetricCalls).toBeGreaterThanOrEqual(30);
  expect(result.totalMetricCalls).toBeLessThan(30 + 14);
});

it('stops after so many iterations', async () => {
  expect(await stoppedBy(iterations(4))).toMatchObject({ stopReason: 'maxIterations', iterations: 4 });
});

it('stops before the first iteration, when there is no need for one', async () => {
  expect(await stoppedBy(scoreReached(0))).toMatchObject({ stopReason: 'scoreReached', iterations: 0 });
});

it('stops when the best reaches a score', async () => {
  const result = await stoppedBy(scoreReached(0.5));
  expect(result.stopReason).toBe('scoreReached');
  expect(result.bestScore).toBeGreaterThanOrEqual(0.5);
  expect(result.candidates.slice(0, -1).every(({ mean }) => mean < 0.5)).toBe(true);
});

it.each([
  undefined,
  { next: ({ scores }: { scores: readonly unknown[] }) => (scores[0] === null ? [0, 1, 2] : []) },
])(
  'stops when for so many iterations there was no new best, however much of the valset is used',
  async (valEvaluationPolicy) => {
    const run = tokenRun({
      maxMetricCalls: 3_000,
      stopConditions: [noImprovement(4)],
      ...(valEvaluationPolicy === undefined ? {} : { valEvaluationPolicy }),
    });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('noImprovement');
    expect(result.bestIndex).toBeGreaterThan(0);
    expect(result.iterations).toBe(result.candidates[result.bestIndex]!.iteration + 4);
  },
);

it('stops after a time', async () => {
  const result = await stoppedBy(conditions.duration(1));
  expect(result.stopReason).toBe('maxDurationMs');
  expect(result.durationMs).toBeGreaterThanOrEqual(1);
});

it('stops after so many dollars', async () => {
  const usage = modelCallUsage({ costUsd: 0.25 });
  const run = tokenRun({
    stopConditions: [conditions.cost(4)],
    metric: ({ output }) => ({ score: output.present / 4, usage }),
  });
  const result = await optimize(run.options);
  expect(result.stopReason).toBe('maxCostUsd');
  expect(result.usage.costUsd).toBeGreaterThanOrEqual(4);
});

it('stops when a signal is aborted, after the iteration', async () => {
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

it('stops when a file appears', async () => {
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

describe('together', () => {
  it('any of several', async () => {
    expect(await stoppedBy(anyOf(iterations(5), iterations(2)))).toMatchObject({ iterations: 2 });
    expect(await stoppedBy(iterations(5), iterations(2))).toMatchObject({ iterations: 2 });
  });

  it('all of several', async () => {
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

  it('none at all never stops anything', async () => {
    expect(await stoppedBy(anyOf(), allOf(), iterations(2))).toMatchObject({ iterations: 2 });
  });
});
