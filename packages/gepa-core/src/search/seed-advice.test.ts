import { describe, expect, it, vi } from 'vitest';
import { MetricError } from '../errors.ts';
import { estimate } from '../estimate/estimate.ts';
import { optimize } from '../optimize.ts';
import { fewExamplesWarning, seedAdvice } from './seed-advice.ts';

const rollout = (score: number, more: object = {}, number = 0) => ({
  example: {},
  exampleId: `val:${number}`,
  score,
  ...more,
});
const advice = (rollouts: ReturnType<typeof rollout>[], more: object = {}) =>
  seedAdvice({
    rollouts,
    valsetSize: 200,
    minibatchSize: 3,
    failureScore: 0,
    perfectScore: 1,
    isScaleGiven: true,
    isTrial: false,
    isTested: false,
    ...more,
  });
const scores = (...values: number[]) => values.map((value, number) => rollout(value, {}, number));

describe('a seed without problems', () => {
  it.each([
    ['with right and wrong answers', scores(0, 1, 1, 0, 1, 0)],
    ['with parts of a score', scores(0.2, 0.4, 0.1, 0.9, 0.6, 0.5)],
    ['with one failure', [...scores(0, 1, 1), rollout(0, { error: 'x' })]],
  ])('a seed %s causes no warning', (_, rollouts) => {
    expect(advice(rollouts)).toEqual([]);
  });
});

describe('warnings about the scores of a seed', () => {
  it('an error on most examples is named, as the program may need a repair first', () => {
    const failed = [1, 2, 3, 4].map((number) => rollout(0, { error: 'no tool "search"' }, number));
    const [warning, ...others] = advice([...failed, rollout(1), rollout(0.5)]);
    expect(warning).toContain('fails in the same way on 4 of 6 examples: no tool "search"');
    expect(others).toEqual([]);
  });

  it('equal scores everywhere are named, as the metric may see no difference', () => {
    expect(advice(scores(0, 0, 0, 0, 0, 0))).toEqual([
      expect.stringContaining('scores 0.000 on all 6 examples'),
    ]);
    expect(advice(scores(1, 1, 1, 1, 1, 1))).toEqual([]);
  });

  it('a seed that is perfect everywhere by the default scale is named, as the grades may go beyond 1', async () => {
    const [warning, ...others] = advice(scores(1, 1, 1), { isScaleGiven: false });
    expect(warning).toContain('scores exactly 1.000 on all 3 examples');
    expect(warning).toContain('grades from 1 to 5, set `perfectScore`');
    expect(others).toEqual([]);
    expect(advice(scores(1, 1, 0.5), { isScaleGiven: false })).toEqual([]);
    const judged = {
      seedCandidate: { prompt: 'p' },
      run: async () => ({ output: 'poor' }),
      trainset: ['a', 'b'],
      metric: () => 1,
      propose: async () => ({ prompt: 'better' }),
      maxIterations: 3,
    };
    const { stopReason, warnings } = await optimize(judged);
    expect(stopReason).toBe('allPerfect');
    expect(warnings.join()).toContain('set `perfectScore`');
    expect((await optimize({ ...judged, perfectScore: 1 })).warnings.join()).not.toContain('grades');
    expect((await optimize({ ...judged, perfectScore: 5 })).stopReason).not.toBe('allPerfect');
  });

  it('scores below failureScore are named, as failures would look better', () => {
    const [warning] = advice(scores(-0.5, 0.3, 0.1, 1, 0.2, 0.4));
    expect(warning).toContain('less than a rollout that fails (failureScore is 0)');
  });

  it('a metric that gives another score to the same output is named, with the size of the difference', () => {
    const [warning] = advice([
      rollout(0.2, { repeatScore: 0.2 }),
      rollout(0.6, { repeatScore: 0.9 }, 1),
      ...scores(1, 0, 1, 0),
    ]);
    expect(warning).toContain('on example val:1 0.600 and then 0.900; by 0.150 on average over 2 outputs');
  });

  it('a seed that seldom fails is named, with the share of minibatches that can teach', () => {
    const [warning] = advice(scores(...Array.from({ length: 19 }, () => 1), 0), { valsetSize: 2000 });
    expect(warning).toContain('perfect on 19 of 20 examples: about 14% of the minibatches of 3');
  });

  it('a valset that cannot show the likely gain is named, with a size that can', () => {
    const [warning] = advice(scores(0, 1, 0, 1, 0, 1), { valsetSize: 20 });
    expect(warning).toContain('The valset has 20 examples: differences below about 0.197 are chance');
    expect(warning).toContain('about 40 examples or more, and a testset');
    const [tested] = advice(scores(0, 1, 0, 1, 0, 1), { valsetSize: 20, isTested: true });
    expect(tested).toMatch(/about 40 examples or more\.$/);
  });

  it('little headroom needs more examples', () => {
    const request = { valsetSize: 50, perfectScore: 1, isTested: false };
    expect(fewExamplesWarning({ ...request, seedMean: 0.5 })).toBeUndefined();
    expect(fewExamplesWarning({ ...request, seedMean: 0.95 })).toContain('only 0.050 is left to gain');
  });
});

const program = (score: () => number) => ({
  seedCandidate: { prompt: 'p' },
  run: (_: { prompt: string }, example: number) => ({ output: example }),
  trainset: Array.from({ length: 8 }, (_, i) => i),
  valset: Array.from({ length: 40 }, (_, i) => 100 + i),
  metric: vi.fn(score),
  propose: vi.fn(async () => ({ prompt: 'better' })),
});

describe('a scale that must be wrong', () => {
  it.each([
    [3, 'perfectScore: 5'],
    [85, 'perfectScore: 100'],
  ])('a score of %d is refused at the first rollout, with the perfectScore to set', async (score, remedy) => {
    const options = program(() => score);
    const failure = optimize({ ...options, maxMetricCalls: 100, concurrency: 1 });
    await expect(failure).rejects.toThrow(MetricError);
    await expect(failure).rejects.toThrow(remedy);
    expect(options.metric).toHaveBeenCalledTimes(1);
    expect(options.propose).not.toHaveBeenCalled();
  });

  it.each([{ perfectScore: 5 }, { skipPerfectScore: false }])(
    'a score of 3 is accepted with %o',
    async (given) => {
      const options = program(() => 3);
      const result = await optimize({ ...options, ...given, maxIterations: 1 });
      expect(result.stopReason).toBe('maxIterations');
    },
  );

  it('a score above 1 by rounding is accepted', async () => {
    const result = await optimize({ ...program(() => 1 + 1e-9), maxIterations: 1 });
    expect(result.stopReason).toBe('allPerfect');
  });
});

describe('the metric is asked again', () => {
  it('in a longer run, the metric scores three outputs of the seed twice, and different scores cause a warning', async () => {
    let calls = 0;
    const options = program(() => (calls++ % 2) / 2);
    const result = await optimize({ ...options, maxMetricCalls: 120, concurrency: 1, cacheEvaluation: true });
    expect(result.warnings.join(' ')).toContain('gives the same output different scores');
    expect(options.metric.mock.calls.length).toBe(result.totalMetricCalls + 3);
  });

  it('in a short run, the metric scores no output twice', async () => {
    const options = program(() => 0.5);
    const result = await optimize({ ...options, maxMetricCalls: 60, concurrency: 1 });
    expect(options.metric.mock.calls.length).toBe(result.totalMetricCalls);
  });
});

describe('the warnings of an estimate', () => {
  it('an estimate has the warnings that a run gives before its first call', async () => {
    const { valset } = program(() => 0);
    const { warnings } = await estimate({
      ...program(() => 0),
      valset: valset.slice(0, 10),
      testset: [...valset.slice(0, 3), ...Array.from({ length: 40 }, (_, i) => 200 + i)],
      maxMetricCalls: 110,
    });
    const all = warnings.join('\n');
    expect(all).toContain('3 of the 43 test examples are also in the valset');
    expect(all).toContain('maxMetricCalls allows only about');
    expect(all).toContain('The valset has 10 examples');
  });

  it('an estimate says that a run would refuse limits on spend without the maximum of a call', async () => {
    const options = { ...program(() => 0), maxCostUsd: 1 };
    const { refusals } = await estimate(options);
    expect(refusals).toEqual([expect.stringContaining('maxCostUsd requires the maximum of every call')]);
    await expect(optimize(options)).rejects.toThrow('maxCostUsd requires the maximum of every call');
    const accepted = await estimate({ ...options, reserve: { rollout: { costUsd: 0.01 } } });
    expect(accepted.refusals).toEqual([]);
  });
});
