// @module-tag slow

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallMeter } from '../adapter/call-meter.ts';
import { modelCallUsage } from '../budget/usage.ts';
import { OptionsError, SeedError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { stagedEvaluation } from '../search/strategies/evaluation-policy.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { estimate, type RunEstimate } from './estimate.ts';

const mix = fc.record({
  train: fc.integer({ min: 1, max: 7 }),
  valid: fc.integer({ min: 1, max: 8 }),
  tests: fc.integer({ min: 0, max: 4 }),
  valsetIsTrainset: fc.boolean(),
  limit: fc.constantFrom('calls' as const, 'iterations' as const, 'both' as const),
  extraCalls: fc.integer({ min: 0, max: 90 }),
  iterations: fc.integer({ min: 1, max: 12 }),
  seed: fc.nat({ max: 1_000 }),
  reflectionMinibatchSize: fc.integer({ min: 1, max: 5 }),
  samplingStrategy: fc.constantFrom(
    'single' as const,
    { parents: 2, mutations: 2 },
    { parents: 3, mutations: 1 },
    { parents: 1, mutations: 3 },
    {
      sample: (draw: { selectParent(): number; nextMinibatch(): readonly number[] }) => [
        { parent: draw.selectParent(), minibatch: draw.nextMinibatch() },
        { parent: draw.selectParent(), minibatch: [...draw.nextMinibatch(), 0] },
      ],
    },
  ),
  selectionStrategy: fc.constantFrom('all' as const, 'best' as const, { topK: 2 }),
  acceptanceCriterion: fc.constantFrom('strict_improvement' as const, 'improvement_or_equal' as const),
  componentSelector: fc.constantFrom('round_robin' as const, 'all' as const),
  valEvaluationPolicy: fc.constantFrom(
    'full_eval' as const,
    stagedEvaluation({ firstPart: 0.4, margin: 0.1 }),
  ),
  useMerge: fc.boolean(),
  mergeValOverlapFloor: fc.integer({ min: 1, max: 4 }),
  cacheEvaluation: fc.boolean(),
  skipDuplicates: fc.boolean(),
  skipPerfectScore: fc.boolean(),
  concurrency: fc.constantFrom(1, 3, 16),
});

const amounts = ['metricCalls', 'iterations', 'reflections', 'tokens', 'costUsd', 'durationMs'] as const;

it('no run with any options exceeds the worst case of its estimate, nor does the expected case', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async (drawn) => {
      const { train, valid, tests, valsetIsTrainset, limit, extraCalls, iterations, ...options } = drawn;
      const trainset = tokenExamples('train', train);
      const valset = valsetIsTrainset ? trainset : tokenExamples('valid', valid);
      const run = tokenRun({
        ...options,
        trainset,
        valset,
        ...(tests === 0 ? {} : { testset: tokenExamples('tests', tests) }),
        maxMetricCalls: valset.length + 2 * tests + extraCalls,
        ...(limit === 'calls' ? {} : { maxIterations: iterations }),
      });
      const { maxMetricCalls: _, ...iterationsOnly } = run.options;
      const runOptions = limit === 'iterations' ? iterationsOnly : run.options;
      const estimated = await estimate(runOptions);
      expect(run.begun.size).toBe(0);
      for (const amount of amounts) {
        expect(estimated[amount].expected ?? 0).toBeLessThanOrEqual(estimated[amount].worst);
      }
      const result = await optimize(runOptions);
      expect(result.totalMetricCalls).toBeLessThanOrEqual(estimated.metricCalls.worst);
      expect(result.iterations).toBeLessThanOrEqual(estimated.iterations.worst);
      const reflections = run
        .decisions()
        .filter(({ type }) => type === 'proposal_evaluated' || type === 'proposal_rejected');
      // A run limited by metric calls only may have additional iterations without metric calls.
      if (limit === 'iterations') expect(reflections.length).toBeLessThanOrEqual(estimated.reflections.worst);
    }),
    { numRuns: 150 },
  );
});

/**
 * A run that accepts every third proposal, as estimates assume, and whose calls all cost the same. The limits of the
 * setup are its only limits.
 */
function steadyRun(setup: TokenRunSetup = {}) {
  const run = tokenRun({
    trainset: tokenExamples('train', 60),
    valset: tokenExamples('valid', 20),
    skipPerfectScore: false,
    ...setup,
  });
  const { propose: _, maxMetricCalls: __, ...options } = run.options;
  const { adapter } = options;
  let reflections = 0;
  let proposals = 0;
  return {
    ...run,
    options: {
      ...options,
      ...(setup.maxMetricCalls === undefined ? {} : { maxMetricCalls: setup.maxMetricCalls }),
      prices,
      adapter: {
        ...adapter,
        run: async (...args: Parameters<typeof adapter.run>) => ({
          ...(await adapter.run(...args)),
          usage: small,
        }),
      },
      acceptanceCriterion: () => ++proposals % 3 === 0,
      reflectionModel: Object.assign(
        async () => ({ text: `\`\`\`\nbase ${reflections++}\n\`\`\``, usage: large }),
        { modelName: 'large' },
      ),
    },
  };
}

const prices = { small: { input: 1, output: 2 }, large: { input: 10, output: 20 } };
const small = modelCallUsage({ model: 'small', inputTokens: 1_000, outputTokens: 500 });
const large = modelCallUsage({ model: 'large', inputTokens: 1_000, outputTokens: 500 });

describe('the expected case', () => {
  it.each([
    ['a limit on metric calls', { maxMetricCalls: 700 }],
    ['a limit on metric calls and a testset', { maxMetricCalls: 700, testset: tokenExamples('tests', 30) }],
    ['a limit on iterations', { maxIterations: 40 }],
    ['iterations of four tasks each', { maxIterations: 20, samplingStrategy: { parents: 2, mutations: 2 } }],
    [
      'best-of-three selection',
      { maxMetricCalls: 900, samplingStrategy: { parents: 1, mutations: 3 }, selectionStrategy: 'best' },
    ],
  ] as const)(
    'the expected case is close to a run with %s that accepts a third of its proposals',
    async (_, setup) => {
      const run = steadyRun(setup);
      const estimated = await estimate(run.options);
      const result = await optimize(run.options);
      const near = (actual: number, expected: number | undefined) => {
        expect(actual / expected!).toBeGreaterThan(0.85);
        expect(actual / expected!).toBeLessThan(1.15);
      };
      near(result.totalMetricCalls, estimated.metricCalls.expected);
      near(result.iterations, estimated.iterations.expected);
      near(result.spend.reflection.usage.modelCalls, estimated.reflections.expected);
      expect(result.stopReason).toBe(estimated.endsBy);
    },
  );

  it('the expected case follows from limits on cost, tokens and time', async () => {
    // A rollout costs $0.002 and 1,500 tokens.
    const limited = async (limit: object) => {
      const run = steadyRun(limit);
      return { run, estimated: await estimate(run.options, { measure: true }) };
    };
    const { run, estimated } = await limited({ maxCostUsd: 1 });
    expect(estimated).toMatchObject({ endsBy: 'maxCostUsd', costUsd: { expected: 1, worst: 1 } });
    expect(estimated.metricCalls.worst).toBe(Number.POSITIVE_INFINITY);
    const reserve = { rollout: { costUsd: 0.002 }, reflection: { costUsd: 0.02 } };
    const result = await optimize({ ...run.options, reserve });
    expect(result.stopReason).toBe('maxCostUsd');
    expect(result.totalMetricCalls / estimated.metricCalls.expected!).toBeGreaterThan(0.7);
    expect(result.totalMetricCalls / estimated.metricCalls.expected!).toBeLessThan(1.4);

    const tested = await limited({ maxCostUsd: 1, testset: tokenExamples('tests', 30) });
    const withTest = await optimize({ ...tested.run.options, reserve });
    expect(withTest).toMatchObject({ stopReason: 'maxCostUsd', test: { size: 30 } });
    expect(withTest.iterations / tested.estimated.iterations.expected!).toBeGreaterThan(0.7);
    expect(withTest.iterations / tested.estimated.iterations.expected!).toBeLessThan(1.4);

    expect((await limited({ maxTokens: 300_000 })).estimated).toMatchObject({
      endsBy: 'maxTokens',
      tokens: { expected: 300_000, worst: 300_000 },
    });
    expect((await limited({ maxDurationMs: 60_000 })).estimated).toMatchObject({
      endsBy: 'maxDurationMs',
      durationMs: { expected: 60_000, worst: 60_000 },
    });
  });

  it('the expected case is unknown without a limit that determines the end of the run', async () => {
    const { signal } = new AbortController();
    const estimated = await estimate(steadyRun({ signal }).options);
    expect(estimated).toMatchObject({
      endsBy: undefined,
      metricCalls: { expected: undefined, worst: Number.POSITIVE_INFINITY },
    });
    expect(estimated.assumptions[0]).toContain('maxMetricCalls');
  });

  it('the expected metric calls are those of the run, less what the cache saves', async () => {
    const [shared, own] = [tokenExamples('both', 10), tokenExamples('own', 10)];
    const callsOf = async (setup: object) => {
      const run = steadyRun({ maxIterations: 30, ...setup });
      const { metricCalls } = await estimate(run.options);
      const { totalMetricCalls } = await optimize(run.options);
      // The parents that the frontier selects depend on scores, which an estimate cannot know.
      expect(totalMetricCalls / metricCalls.expected!).toBeGreaterThan(0.8);
      expect(totalMetricCalls / metricCalls.expected!).toBeLessThan(1.2);
      return { ...metricCalls, real: totalMetricCalls };
    };
    const apart = await callsOf({ trainset: own, valset: shared });
    const together = await callsOf({ trainset: shared, valset: shared });
    // No parent runs, and a child's minibatch is part of its validation. Every fourth minibatch has 2 distinct examples,
    // since the epoch of 10 is padded to 12.
    expect(together.expected).toBe(10 + (30 * 3 - 7) + (10 * (10 - 3) + 2));
    expect(together.real).toBe(together.expected);
    expect(together.worst).toBe(apart.worst);
    const twice = await callsOf({ trainset: own, valset: [...shared, ...shared] });
    expect([twice.expected, twice.worst]).toEqual([apart.expected, apart.worst]);
    const uncached = await callsOf({ trainset: own, valset: [...shared, ...shared], cacheEvaluation: false });
    expect(uncached.expected).toBe(20 + 30 * 6 + 10 * 20);
  });
});

describe('the worst case', () => {
  it('the worst case exceeds no limit', async () => {
    const estimated = await estimate(
      steadyRun({
        maxMetricCalls: 500,
        maxIterations: 9,
        maxTokens: 70_000,
        maxCostUsd: 0.5,
        maxDurationMs: 900,
      }).options,
      { measure: true },
    );
    expect(estimated).toMatchObject({
      metricCalls: { worst: 20 + 9 * (6 + 20) },
      iterations: { worst: 9 },
      tokens: { worst: 70_000 },
      costUsd: { worst: 0.5 },
    });
    expect(estimated.durationMs.worst).toBeLessThanOrEqual(900);
  });

  it('the worst case uses `reserve` as the maximum cost of a call', async () => {
    const costOf = async (setup: object) =>
      (await estimate(steadyRun({ maxMetricCalls: 100, ...setup }).options, { measure: true })).costUsd;
    const measured = await costOf({});
    const reserved = await costOf({ reserve: { rollout: { costUsd: 0.01 } } });
    expect(reserved.worst - measured.worst).toBeCloseTo(100 * (0.01 - 0.002), 9);
    expect(reserved.expected).toBe(measured.expected);
  });

  it('the worst case has no limit on metric calls if only maxCostUsd is set', async () => {
    const estimated = await estimate(steadyRun({ maxCostUsd: 1 }).options);
    expect(estimated.metricCalls).toEqual({ expected: undefined, worst: Number.POSITIVE_INFINITY });
    expect(estimated.assumptions[0]).toContain('measure a rollout');
  });
});

describe('the measured rollout', () => {
  it('measure runs the seed and the metric once, on the first training example', async () => {
    const run = steadyRun({ maxMetricCalls: 200, testset: tokenExamples('tests', 3) });
    let judged = 0;
    const withJudge = {
      ...run.options,
      metric: () => {
        judged++;
        return { score: 0.25, usage: small };
      },
    };
    const estimated = await estimate(withJudge, { measure: true });
    expect([...run.begun]).toEqual([[JSON.stringify([{ extract: 'base', route: 'base' }, 'train-0']), 1]]);
    expect(judged).toBe(1);
    expect(run.events).toEqual([]);
    expect(estimated.measured).toMatchObject({ score: 0.25, usage: { modelCalls: 2, inputTokens: 2_000 } });
    expect(estimated.measured?.usage?.costUsd).toBeCloseTo(0.004, 9);
  });

  it('measure adds tokens, cost and time of rollouts and reflections to the estimate', async () => {
    const estimated = await estimate(steadyRun({ maxMetricCalls: 200 }).options, { measure: true });
    const { metricCalls, reflections, tokens, costUsd, durationMs } = estimated as RunEstimate;
    expect(tokens.expected).toBeGreaterThan(1_500 * metricCalls.expected! + 500 * reflections.expected!);
    expect(costUsd.expected).toBeGreaterThan(0.002 * metricCalls.expected! + 0.01 * reflections.expected!);
    // Each reflection is estimated at ten seconds.
    expect(durationMs.expected).toBeGreaterThan(10_000 * reflections.expected!);
    expect(estimated.assumptions).toContain('Reflections are priced as large.');
  });

  it('an estimate without measure has no tokens, cost or time', async () => {
    const estimated = await estimate(steadyRun({ maxMetricCalls: 200 }).options);
    expect(estimated).not.toHaveProperty('measured');
    for (const amount of ['tokens', 'costUsd', 'durationMs'] as const) {
      expect(estimated[amount]).toEqual({ expected: undefined, worst: Number.POSITIVE_INFINITY });
    }
  });

  it('measure leaves tokens unknown and warns if the rollout reports no usage', async () => {
    const estimated = await estimate(tokenRun().options, { measure: true });
    expect(estimated.tokens.expected).toBeUndefined();
    expect(estimated.measured?.usage).toBeUndefined();
    expect(estimated.warnings).toContainEqual(expect.stringContaining('reported no usage'));
  });

  it('the cost of an estimate is unknown if the reflection model has no price', async () => {
    const { prices, ...options } = steadyRun({ maxMetricCalls: 200 }).options;
    expect(prices).toBeDefined();
    const estimated = await estimate(options, { measure: true });
    expect(estimated.costUsd.expected).toBeUndefined();
    expect(estimated.assumptions.join()).toContain('set it in `prices`');
  });

  it('measure warns if the program fails and throws a SeedError if the rollout is unavailable', async () => {
    const broken = tokenRun({
      before: () => {
        throw new Error('no tool');
      },
    });
    expect((await estimate(broken.options, { measure: true })).warnings[0]).toContain('no tool');
    let attempts = 0;
    const busy = tokenRun({
      retry: { minDelayMs: 0, maxDelayMs: 0 },
      before: () => {
        attempts++;
        throw Object.assign(new Error('overloaded'), { status: 503 });
      },
    });
    const error = await estimate(busy.options, { measure: true }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SeedError);
    expect((error as Error).message).toContain('overloaded');
    expect(attempts).toBe(3);
  });

  it('measure ends when the signal is aborted', async () => {
    const controller = new AbortController();
    const run = tokenRun({ signal: controller.signal, before: () => new Promise(() => {}) });
    const estimating = estimate(run.options, { measure: true });
    controller.abort(new Error('enough'));
    await expect(estimating).rejects.toThrow('enough');
  });

  it("estimate does not close the caller's adapter", async () => {
    let closed = 0;
    const run = steadyRun({ maxMetricCalls: 200 });
    const adapter = { ...run.options.adapter, close: async () => void closed++ };
    await estimate({ ...run.options, adapter }, { measure: true });
    expect(closed).toBe(0);
  });
});

it('an estimate warns if its limits leave no room for an iteration or the testset', async () => {
  const warningsOf = async (setup: object) =>
    (await estimate(steadyRun(setup).options, { measure: true })).warnings;
  const noSearch = expect.stringContaining('Nothing is left for an iteration');
  const fewProposals = expect.stringContaining('maxMetricCalls allows only about');
  const fewExamples = expect.stringContaining('The valset has 20 examples');
  expect(await warningsOf({ maxMetricCalls: 20 + 3 + 3 + 20 - 1 })).toEqual([noSearch, fewProposals]);
  expect(await warningsOf({ maxMetricCalls: 20 + 3 + 3 + 20 })).toEqual([fewProposals]);
  expect(await warningsOf({ maxCostUsd: 0.01 })).toEqual([noSearch, fewExamples]);
  const testset = tokenExamples('tests', 5);
  expect(await warningsOf({ maxCostUsd: 1, testset })).toEqual([fewExamples]);
  const untested = expect.stringContaining('before the testset is scored');
  expect(await warningsOf({ maxCostUsd: 0.045, testset })).toEqual([noSearch, untested, fewExamples]);
  // How many iterations fit depends on the machine.
  expect(await warningsOf({ maxDurationMs: 60_000, testset })).toContainEqual(untested);
});

it('without `measure`, an estimate names a model whose calls may be larger than a limit', async () => {
  const { adapter, ...options } = steadyRun({}).options;
  const models = ['openai:gpt-4.1-mini'];
  const prices = { 'openai:gpt-4.1-mini': { input: 1, output: 10 }, large: { input: 1, output: 2 } };
  const request = {
    ...options,
    adapter: { ...adapter, models, metersCalls: true },
    prices,
    reserve: { outputTokens: 1_000 },
  };
  const over = await estimate({ ...request, maxCostUsd: 0.005 } as never);
  expect(over.warnings.join()).toContain(
    'A call of openai:gpt-4.1-mini without an output limit may take up to 0.01, more than maxCostUsd (0.005).',
  );
  const within = await estimate({ ...request, maxCostUsd: 0.5 } as never);
  expect(within.warnings.join()).not.toContain('without an output limit');
});

it('estimate rejects the options that optimize rejects', async () => {
  await expect(estimate({ ...tokenRun().options, maxMetricCalls: 1 })).rejects.toThrow(OptionsError);
});

it.each([{ measure: 'false' }, { measure: 1 }, { mesure: true }, true])(
  'estimate refuses %j instead of running the program, or of not running it',
  async (how) => {
    const run = tokenRun();
    await expect(estimate(run.options, how as never)).rejects.toThrow(OptionsError);
    expect(run.begun.size).toBe(0);
  },
);

it('with `measure`, an estimate lists the model call that the run would refuse, since it can exceed a limit', async () => {
  const options = {
    seedCandidate: { prompt: 'Answer.' },
    run: async (_: unknown, __: unknown, { meter }: { meter?: CallMeter | undefined }) => {
      const call = await meter!.begin({ model: 'small', inputTokens: 10, outputTokens: 90 });
      call.end(modelCallUsage({ inputTokens: 10, outputTokens: 5, model: 'small' }));
      return { output: 'a' };
    },
    metersCalls: true,
    trainset: [{ input: 'a' }, { input: 'b' }],
    metric: () => 0.5,
    reflectionModel: async () => 'x',
    reserve: { reflection: { tokens: 10 } },
    maxTokens: 50,
  };
  const [refusal] = (await estimate(options, { measure: true })).refusals;
  expect(refusal).toContain('maxTokens is 50, but a single call of small may take up to 100');
  await expect(optimize(options)).rejects.toThrow(refusal);
  expect((await estimate({ ...options, maxTokens: 5_000 }, { measure: true })).refusals).toEqual([]);
  const { refusals, warnings } = await estimate(options);
  expect(refusals).toEqual([]);
  expect(warnings.join()).toContain('Measure a rollout (`measure: true`)');
  expect((await estimate(options, { measure: true })).warnings.join()).not.toContain('`measure: true`');
  const declared = { rollout: { tokens: 50 }, reflection: { tokens: 10 } };
  expect((await estimate({ ...options, reserve: declared })).warnings.join()).not.toContain(
    '`measure: true`',
  );
});
