import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunError } from './errors.ts';
import { type DecisionEvent, isDecision } from './events.ts';
import { optimize } from './optimize.ts';
import { replay } from './search/state.ts';
import { stagedEvaluation } from './search/strategies/evaluation-policy.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from './testing/fixtures/token-run.ts';
import { tokenMetric } from './testing/token-task.ts';

const three = ['extract', 'route', 'answer'];
const runs: Record<string, TokenRunSetup> = {
  plain: {},
  'of merges': { components: three, useMerge: true, mergeValOverlapFloor: 1, maxMetricCalls: 400 },
  'of P×N tasks': { samplingStrategy: { parents: 2, mutations: 2 }, selectionStrategy: { topK: 2 } },
  'in stages': { valEvaluationPolicy: stagedEvaluation(), maxMetricCalls: 300 },
  'with a testset': { testset: tokenExamples('tests', 5) },
  'with objectives': { metric: tokenMetric({ multiObjective: true }), frontierType: 'hybrid' },
  'that finds nothing': { propose: async () => ({}) },
  'without a bound on calls': { maxIterations: 5, maxMetricCalls: 100_000 },
};

describe('the decisions rebuild the result of a run', () => {
  it.each(Object.entries(runs))('%s', async (_, setup) => {
    const run = tokenRun(setup);
    const result = await optimize(run.options);
    expect(replay(run.decisions())).toEqual(result);
    const written = JSON.parse(JSON.stringify(run.decisions())) as DecisionEvent[];
    expect(replay(written)).toEqual(result);
  });

  it('that broke off', async () => {
    let scored = 0;
    const run = tokenRun({
      metric: ({ output }) => (scored++ < 30 ? output.present : Number.NaN),
    });
    const error = await optimize(run.options).catch((thrown: unknown) => thrown);
    expect(RunError.isInstance(error)).toBe(true);
    expect(replay(run.decisions())).toEqual((error as RunError).result);
  });

  it('that left no closing event, as an aborted one', async () => {
    const run = tokenRun();
    const result = await optimize(run.options);
    const decisions = run.decisions();
    const cut = decisions.findIndex(({ type }) => type === 'candidate_added') + 1;
    expect(replay(decisions.slice(0, cut))).toMatchObject({
      stopReason: 'aborted',
      bestIndex: 0,
      iterations: 0,
    });
    expect(replay(decisions.slice(0, -1))).toMatchObject({
      stopReason: 'aborted',
      bestCandidate: result.bestCandidate,
      totalMetricCalls: result.totalMetricCalls,
      iterations: result.iterations,
    });
  });

  it('but not of one that never scored its seed', () => {
    expect(() => replay([])).toThrow(RangeError);
  });
});

describe('the events of a run', () => {
  it('tell its bounds, and of a resumed one the time of its earlier sessions', async () => {
    const runDir = mkdtempSync(join(tmpdir(), 'gepa-events-'));
    try {
      const bounds = { maxIterations: 3, maxCostUsd: 2, maxTokens: 900, maxDurationMs: 60_000 };
      const begin = async () => {
        const run = tokenRun({ ...bounds, reserve: { rollout: { costUsd: 0.01, tokens: 5 } }, runDir });
        await optimize(run.options);
        return run.events[0];
      };
      expect(await begin()).toMatchObject({
        type: 'run_started',
        maxMetricCalls: 200,
        ...bounds,
        earlierMs: undefined,
      });
      expect(await begin()).toMatchObject({ ...bounds, earlierMs: expect.any(Number) });
    } finally {
      rmSync(runDir, { recursive: true });
    }
  });

  it('open and close it, and frame every iteration', async () => {
    const run = tokenRun({ ...runs['of merges'] });
    const result = await optimize(run.options);
    const decisions = run.decisions();
    expect(decisions.map(({ type }) => type).slice(0, 2)).toEqual(['run_started', 'candidate_added']);
    expect(decisions.at(-1)!.type).toBe('run_finished');
    const frames = decisions.filter(
      ({ type }) => type === 'iteration_started' || type === 'iteration_finished',
    );
    expect(frames).toHaveLength(2 * result.iterations);
    frames.forEach((event, i) => {
      expect(event).toMatchObject({
        type: i % 2 === 0 ? 'iteration_started' : 'iteration_finished',
        iteration: Math.floor(i / 2) + 1,
      });
    });
  });

  it('count metric calls upwards, one by one', async () => {
    const run = tokenRun();
    const result = await optimize(run.options);
    const counts = run.events.flatMap((event) =>
      event.type === 'rollout_finished' ? [event.metricCalls] : [],
    );
    expect(counts).toEqual(counts.map((_, i) => i + 1));
    expect(counts).toHaveLength(result.totalMetricCalls);
  });

  it('are decisions or progress', async () => {
    const run = tokenRun({ maxIterations: 2, testset: tokenExamples('train', 1) });
    await optimize(run.options);
    const progress = new Set(run.events.filter((event) => !isDecision(event)).map(({ type }) => type));
    expect(progress).toEqual(new Set(['rollout_finished', 'warning']));
  });
});

describe('a listener', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('listener down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('listener down'))],
  ])('that %s is reported once and harms nothing', async (_, onEvent) => {
    const calm = tokenRun({ maxIterations: 4 });
    const expected = await optimize(calm.options);
    const run = tokenRun({ maxIterations: 4, onEvent: onEvent as () => void });
    const broken = {
      ...run.options,
      onEvent: (event: Parameters<NonNullable<typeof run.options.onEvent>>[0]) => {
        run.events.push(event);
        return onEvent() as never;
      },
    };
    const result = await optimize(broken);
    expect(result.bestCandidate).toEqual(expected.bestCandidate);
    expect(result.totalMetricCalls).toBe(expected.totalMetricCalls);
    expect(result.warnings).toEqual(['An event listener threw; the run goes on: listener down']);
    expect(run.events.filter(({ type }) => type === 'warning')).toHaveLength(1);
    expect(run.events.length).toBe(calm.events.length + 1);
  });
});

it('a listener that throws something else each time is reported once all the same', async () => {
  let thrown = 0;
  const { options, events } = tokenRun({
    maxIterations: 2,
    onEvent: () => {
      throw new Error(`down for the ${++thrown}. time`);
    },
  });
  const { warnings } = await optimize(options);
  expect(thrown).toBe(events.length);
  expect(warnings).toEqual(['An event listener threw; the run goes on: down for the 1. time']);
});

describe('an adapter', () => {
  it.each(['ends well', 'breaks off'])('is closed once when the run %s', async (how) => {
    let closed = 0;
    const run = tokenRun({ maxIterations: 1 });
    const adapter = {
      ...run.options.adapter,
      close: async () => {
        closed++;
      },
    };
    const metric = () => (how === 'ends well' ? 0.5 : Number.NaN);
    await optimize({ ...run.options, adapter, metric }).catch(() => undefined);
    expect(closed).toBe(1);
  });

  it('that cannot be closed costs no result', async () => {
    const run = tokenRun({ maxIterations: 2 });
    const adapter = { ...run.options.adapter, close: () => Promise.reject(new Error('stuck')) };
    const result = await optimize({ ...run.options, adapter });
    expect(result.iterations).toBe(2);
    expect(run.events.at(-1)).toEqual({ type: 'warning', message: 'The adapter could not be closed: stuck' });
  });
});
