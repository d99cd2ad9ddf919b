import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunError } from './errors.ts';
import { evaluate } from './evaluate/evaluate.ts';
import { type DecisionEvent, isDecision } from './events.ts';
import { optimize } from './optimize.ts';
import { replay } from './report/result-of.ts';
import { stagedEvaluation } from './search/strategies/evaluation-policy.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from './testing/fixtures/token-run.ts';
import { tokenMetric } from './testing/token-task.ts';

const three = ['extract', 'route', 'answer'];
const runs: Record<string, TokenRunSetup> = {
  'with default strategies': {},
  'with merges': { components: three, useMerge: true, mergeValOverlapFloor: 1, maxMetricCalls: 400 },
  'with P×N tasks': { samplingStrategy: { parents: 2, mutations: 2 }, selectionStrategy: { topK: 2 } },
  'with staged evaluation': { valEvaluationPolicy: stagedEvaluation(), maxMetricCalls: 300 },
  'with a testset': { testset: tokenExamples('tests', 5) },
  'with objectives': { metric: tokenMetric({ multiObjective: true }), frontierType: 'hybrid' },
  'without accepted proposals': { propose: async () => ({}) },
  'of the adaptive search': {
    search: 'adaptive',
    valset: tokenExamples('valid', 30),
    maxMetricCalls: 400,
    metric: tokenMetric({ multiObjective: true }),
    frontierType: 'hybrid',
  },
  'of the adaptive search on a tiny valset': { search: 'adaptive', valset: tokenExamples('valid', 3) },
  'limited by iterations': { maxIterations: 5, maxMetricCalls: 100_000 },
};

describe('replay of decision events', () => {
  it.each(Object.entries(runs))(
    'replaying the decision events of a run %s rebuilds its result',
    async (_, setup) => {
      const run = tokenRun(setup);
      const result = await optimize(run.options);
      expect(replay(run.decisions())).toEqual(result);
      const written = JSON.parse(JSON.stringify(run.decisions())) as DecisionEvent[];
      expect(replay(written)).toEqual(result);
    },
  );

  it('replaying the decision events of a failed run rebuilds the result of its error', async () => {
    let scored = 0;
    const run = tokenRun({
      metric: ({ output }) => (scored++ < 30 ? output.present : Number.NaN),
    });
    const error = await optimize(run.options).catch((thrown: unknown) => thrown);
    expect(RunError.isInstance(error)).toBe(true);
    expect(replay(run.decisions())).toEqual((error as RunError).result);
  });

  it('replaying decision events without run_finished gives an aborted result', async () => {
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

  it('replaying a run that never scored its seed throws', () => {
    expect(() => replay([])).toThrow(RangeError);
  });
});

describe('the events of a run', () => {
  it('run_started has the limits and, in a resumed run, the time of earlier sessions', async () => {
    const runDir = mkdtempSync(join(tmpdir(), 'gepa-events-'));
    try {
      const limits = { maxIterations: 3, maxCostUsd: 2, maxTokens: 900, maxDurationMs: 60_000 };
      const begin = async () => {
        const run = tokenRun({ ...limits, reserve: { rollout: { costUsd: 0.01, tokens: 5 } }, runDir });
        await optimize(run.options);
        return run.events[0];
      };
      expect(await begin()).toMatchObject({
        type: 'run_started',
        maxMetricCalls: 200,
        ...limits,
        earlierMs: undefined,
      });
      expect(await begin()).toMatchObject({ ...limits, earlierMs: expect.any(Number) });
    } finally {
      rmSync(runDir, { recursive: true });
    }
  });

  it('run_started and run_finished enclose the decision events, and so do the events of each iteration', async () => {
    const run = tokenRun({ ...runs['with merges'] });
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

  it('rollout_finished events count metric calls one by one', async () => {
    const run = tokenRun();
    const result = await optimize(run.options);
    const counts = run.events.flatMap((event) =>
      event.type === 'rollout_finished' ? [event.metricCalls] : [],
    );
    expect(counts).toEqual(counts.map((_, i) => i + 1));
    expect(counts).toHaveLength(result.totalMetricCalls);
  });

  it('a run without failures dispatches only decision events, rollouts, reflections, settled calls and warnings', async () => {
    const run = tokenRun({ maxIterations: 2, testset: tokenExamples('train', 1) });
    await optimize(run.options);
    const progress = new Set(run.events.filter((event) => !isDecision(event)).map(({ type }) => type));
    expect(progress).toEqual(
      new Set(['rollout_finished', 'reflection_started', 'reflection_finished', 'call_settled', 'warning']),
    );
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
  ])('an event listener that %s is reported once and does not change the result', async (_, onEvent) => {
    const undisturbed = tokenRun({ maxIterations: 4 });
    const expected = await optimize(undisturbed.options);
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
    expect(run.events.length).toBe(undisturbed.events.length + 1);
  });
});

it('an event listener that throws a different error each time is reported once', async () => {
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
  it.each(['succeeds', 'fails'])('an adapter is closed once when the run %s', async (outcome) => {
    let closed = 0;
    const run = tokenRun({ maxIterations: 1 });
    const adapter = {
      ...run.options.adapter,
      close: async () => {
        closed++;
      },
    };
    const metric = () => (outcome === 'succeeds' ? 0.5 : Number.NaN);
    await optimize({ ...run.options, adapter, metric }).catch(() => undefined);
    expect(closed).toBe(1);
  });

  it('an adapter whose close rejects causes a warning, and the run returns its result', async () => {
    const run = tokenRun({ maxIterations: 2 });
    const adapter = { ...run.options.adapter, close: () => Promise.reject(new Error('stuck')) };
    const result = await optimize({ ...run.options, adapter });
    expect(result.iterations).toBe(2);
    expect(run.events.at(-1)).toEqual({ type: 'warning', message: 'Closing the adapter failed: stuck' });
    expect(result.warnings.at(-1)).toBe('Closing the adapter failed: stuck');
    const evaluation = { adapter, examples: run.options.trainset, metric: run.options.metric };
    expect((await evaluate(evaluation)).warnings).toEqual(['Closing the adapter failed: stuck']);
  });
});
