import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
  bound: fc.constantFrom('calls' as const, 'iterations' as const, 'both' as const),
  extraCalls: fc.integer({ min: 0, max: 90 }),
  iterations: fc.integer({ min: 1, max: 12 }),
  seed: fc.nat({ max: 1_000 }),
  reflectionMinibatchSize: fc.integer({ min: 1, max: 5 }),
  samplingStrategy: fc.constantFrom(
    'single' as const,
    { parents: 2, mutations: 2 },
    { independent: 3 },
    { sameParent: 3 },
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

it('whatever the options, no run takes more than the worst, and no more is expected', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async (drawn) => {
      const { train, valid, tests, valsetIsTrainset, bound, extraCalls, iterations, ...options } = drawn;
      const trainset = tokenExamples('train', train);
      const valset = valsetIsTrainset ? trainset : tokenExamples('valid', valid);
      const run = tokenRun({
        ...options,
        trainset,
        valset,
        ...(tests === 0 ? {} : { testset: tokenExamples('tests', tests) }),
        maxMetricCalls: valset.length + 2 * tests + extraCalls,
        ...(bound === 'calls' ? {} : { maxIterations: iterations }),
      });
      const { maxMetricCalls: _, ...unbounded } = run.options;
      const runOptions = bound === 'iterations' ? unbounded : run.options;
      const told = await estimate(runOptions);
      expect(run.begun.size).toBe(0);
      for (const amount of amounts) {
        expect(told[amount].expected ?? 0).toBeLessThanOrEqual(told[amount].worst);
      }
      const result = await optimize(runOptions);
      expect(result.totalMetricCalls).toBeLessThanOrEqual(told.metricCalls.worst);
      expect(result.iterations).toBeLessThanOrEqual(told.iterations.worst);
      const asked = run
        .decisions()
        .filter(({ type }) => type === 'proposal_evaluated' || type === 'proposal_rejected');
      // Where only metric calls bound the run, iterations that measure nothing come on top.
      if (bound === 'iterations') expect(asked.length).toBeLessThanOrEqual(told.reflections.worst);
    }),
    { numRuns: 150 },
  );
}, 60_000);

/**
 * A run whose every third proposal is accepted, as estimates assume, and whose calls all cost the same. It is bounded
 * by what the setup says, and by nothing else.
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
  let asked = 0;
  let tried = 0;
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
      acceptanceCriterion: () => ++tried % 3 === 0,
      reflectionModel: Object.assign(
        async () => ({ text: `\`\`\`\nbase ${asked++}\n\`\`\``, usage: large }),
        { modelName: 'large' },
      ),
    },
  };
}

const prices = { small: { input: 1, output: 2 }, large: { input: 10, output: 20 } };
const small = modelCallUsage({ model: 'small', inputTokens: 1_000, outputTokens: 500 });
const large = modelCallUsage({ model: 'large', inputTokens: 1_000, outputTokens: 500 });

describe('what is expected', () => {
  it.each([
    ['metric calls', { maxMetricCalls: 700 }],
    ['metric calls, with a testset', { maxMetricCalls: 700, testset: tokenExamples('tests', 30) }],
    ['iterations', { maxIterations: 40 }],
    ['iterations of four tasks', { maxIterations: 20, samplingStrategy: { parents: 2, mutations: 2 } }],
    [
      'the best of three',
      { maxMetricCalls: 900, samplingStrategy: { sameParent: 3 }, selectionStrategy: 'best' },
    ],
  ] as const)('comes to pass when a third is accepted: %s', async (_, setup) => {
    const run = steadyRun(setup);
    const told = await estimate(run.options);
    const result = await optimize(run.options);
    const near = (real: number, expected: number | undefined) => {
      expect(real / expected!).toBeGreaterThan(0.85);
      expect(real / expected!).toBeLessThan(1.15);
    };
    near(result.totalMetricCalls, told.metricCalls.expected);
    near(result.iterations, told.iterations.expected);
    near(result.spend.reflection.usage.modelCalls, told.reflections.expected);
    expect(result.stopReason).toBe(told.endsBy);
  });

  it('is what bounds in dollars, tokens and time buy', async () => {
    // A rollout costs $0.002 and 1,500 tokens.
    const bounded = async (bound: object) => {
      const run = steadyRun(bound);
      return { run, told: await estimate(run.options, { measure: true }) };
    };
    const { run, told } = await bounded({ maxCostUsd: 1 });
    expect(told).toMatchObject({ endsBy: 'maxCostUsd', costUsd: { expected: 1, worst: 1 } });
    expect(told.metricCalls.worst).toBe(Number.POSITIVE_INFINITY);
    const reserve = { rollout: { costUsd: 0.002 }, reflection: { costUsd: 0.02 } };
    const result = await optimize({ ...run.options, reserve });
    expect(result.stopReason).toBe('maxCostUsd');
    expect(result.totalMetricCalls / told.metricCalls.expected!).toBeGreaterThan(0.7);
    expect(result.totalMetricCalls / told.metricCalls.expected!).toBeLessThan(1.4);

    const tested = await bounded({ maxCostUsd: 1, testset: tokenExamples('tests', 30) });
    const withTest = await optimize({ ...tested.run.options, reserve });
    expect(withTest).toMatchObject({ stopReason: 'maxCostUsd', test: { size: 30 } });
    expect(withTest.iterations / tested.told.iterations.expected!).toBeGreaterThan(0.7);
    expect(withTest.iterations / tested.told.iterations.expected!).toBeLessThan(1.4);

    expect((await bounded({ maxTokens: 300_000 })).told).toMatchObject({
      endsBy: 'maxTokens',
      tokens: { expected: 300_000, worst: 300_000 },
    });
    expect((await bounded({ maxDurationMs: 60_000 })).told).toMatchObject({
      endsBy: 'maxDurationMs',
      durationMs: { expected: 60_000, worst: 60_000 },
    });
  });

  it('is unknown where nothing bounds the run that can be told', async () => {
    const { signal } = new AbortController();
    const told = await estimate(steadyRun({ signal }).options);
    expect(told).toMatchObject({
      endsBy: undefined,
      metricCalls: { expected: undefined, worst: Number.POSITIVE_INFINITY },
    });
    expect(told.assumptions[0]).toContain('maxMetricCalls');
  });

  it('counts what the cache saves: examples that stand twice, and those the valset knows', async () => {
    const [shared, own] = [tokenExamples('both', 10), tokenExamples('own', 10)];
    const callsOf = async (setup: object) =>
      (await estimate(steadyRun({ maxIterations: 30, ...setup }).options)).metricCalls;
    const apart = await callsOf({ trainset: own, valset: shared });
    const together = await callsOf({ trainset: shared, valset: shared });
    // Parents need not be run, and a child's minibatch is part of its pass over the valset.
    expect(together).toEqual({ expected: 10 + 30 * 3 + 10 * (10 - 3), worst: apart.worst });
    expect(apart.expected).toBe(10 + 30 * 6 + 10 * 10);
    const twice = await callsOf({ trainset: own, valset: [...shared, ...shared] });
    expect(twice).toEqual(apart);
    const uncached = await callsOf({ trainset: own, valset: [...shared, ...shared], cacheEvaluation: false });
    expect(uncached.expected).toBe(20 + 30 * 6 + 10 * 20);
  });
});

describe('what is worst', () => {
  it('never passes a bound', async () => {
    const told = await estimate(
      steadyRun({
        maxMetricCalls: 500,
        maxIterations: 9,
        maxTokens: 70_000,
        maxCostUsd: 0.5,
        maxDurationMs: 900,
      }).options,
      { measure: true },
    );
    expect(told).toMatchObject({
      metricCalls: { worst: 20 + 9 * (6 + 20) },
      iterations: { worst: 9 },
      tokens: { worst: 70_000 },
      costUsd: { worst: 0.5 },
    });
    expect(told.durationMs.worst).toBeLessThanOrEqual(900);
  });

  it('takes a reserve for what a call can cost', async () => {
    const costOf = async (setup: object) =>
      (await estimate(steadyRun({ maxMetricCalls: 100, ...setup }).options, { measure: true })).costUsd;
    const measured = await costOf({});
    const reserved = await costOf({ reserve: { rollout: { costUsd: 0.01 } } });
    expect(reserved.worst - measured.worst).toBeCloseTo(100 * (0.01 - 0.002), 9);
    expect(reserved.expected).toBe(measured.expected);
  });

  it('is not bounded in metric calls by a bound on dollars', async () => {
    const told = await estimate(steadyRun({ maxCostUsd: 1 }).options);
    expect(told.metricCalls).toEqual({ expected: undefined, worst: Number.POSITIVE_INFINITY });
    expect(told.assumptions[0]).toContain('let a rollout be measured');
  });
});

describe('the measured rollout', () => {
  it('is one run of the seed on the first training example, with its metric', async () => {
    const run = steadyRun({ maxMetricCalls: 200, testset: tokenExamples('tests', 3) });
    let judged = 0;
    const withJudge = {
      ...run.options,
      metric: () => {
        judged++;
        return { score: 0.25, usage: small };
      },
    };
    const told = await estimate(withJudge, { measure: true });
    expect([...run.begun]).toEqual([[JSON.stringify([{ extract: 'base', route: 'base' }, 'train-0']), 1]]);
    expect(judged).toBe(1);
    expect(run.events).toEqual([]);
    expect(told.measured).toMatchObject({ score: 0.25, usage: { modelCalls: 2, inputTokens: 2_000 } });
    expect(told.measured?.usage?.costUsd).toBeCloseTo(0.004, 9);
  });

  it('gives tokens, dollars and time, with the reflections', async () => {
    const told = await estimate(steadyRun({ maxMetricCalls: 200 }).options, { measure: true });
    const { metricCalls, reflections, tokens, costUsd, durationMs } = told as RunEstimate;
    expect(tokens.expected).toBeGreaterThan(1_500 * metricCalls.expected! + 500 * reflections.expected!);
    expect(costUsd.expected).toBeGreaterThan(0.002 * metricCalls.expected! + 0.01 * reflections.expected!);
    // Ten seconds of writing for each reflection.
    expect(durationMs.expected).toBeGreaterThan(10_000 * reflections.expected!);
    expect(told.assumptions).toContain('Reflections are priced as large.');
  });

  it('is the only thing that tells them', async () => {
    const told = await estimate(steadyRun({ maxMetricCalls: 200 }).options);
    expect(told).not.toHaveProperty('measured');
    for (const amount of ['tokens', 'costUsd', 'durationMs'] as const) {
      expect(told[amount]).toEqual({ expected: undefined, worst: Number.POSITIVE_INFINITY });
    }
  });

  it('does not take unreported usage for none', async () => {
    const told = await estimate(tokenRun().options, { measure: true });
    expect(told.tokens.expected).toBeUndefined();
    expect(told.measured?.usage).toBeUndefined();
    expect(told.warnings).toEqual([expect.stringContaining('reported no usage')]);
  });

  it('does not know the cost of reflections by a model without a price', async () => {
    const { prices, ...options } = steadyRun({ maxMetricCalls: 200 }).options;
    expect(prices).toBeDefined();
    const told = await estimate(options, { measure: true });
    expect(told.costUsd.expected).toBeUndefined();
    expect(told.assumptions.join()).toContain('give it in `prices`');
  });

  it('that fails by the program is told, and that cannot be had is an error', async () => {
    const broken = tokenRun({
      before: () => {
        throw new Error('no tool');
      },
    });
    expect((await estimate(broken.options, { measure: true })).warnings[0]).toContain('no tool');
    let tries = 0;
    const busy = tokenRun({
      retry: { minDelayMs: 0, maxDelayMs: 0 },
      before: () => {
        tries++;
        throw Object.assign(new Error('overloaded'), { status: 503 });
      },
    });
    const error = await estimate(busy.options, { measure: true }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SeedError);
    expect((error as Error).message).toContain('overloaded');
    expect(tries).toBe(3);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const run = tokenRun({ signal: controller.signal, before: () => new Promise(() => {}) });
    const estimating = estimate(run.options, { measure: true });
    controller.abort(new Error('enough'));
    await expect(estimating).rejects.toThrow('enough');
  });

  it("leaves the caller's adapter open for the run", async () => {
    let closed = 0;
    const run = steadyRun({ maxMetricCalls: 200 });
    const adapter = { ...run.options.adapter, close: async () => void closed++ };
    await estimate({ ...run.options, adapter }, { measure: true });
    expect(closed).toBe(0);
  });
});

it('warns of bounds that leave no room', async () => {
  const warningsOf = async (setup: object) =>
    (await estimate(steadyRun(setup).options, { measure: true })).warnings;
  const noSearch = [expect.stringContaining('Nothing is left for an iteration')];
  expect(await warningsOf({ maxMetricCalls: 20 + 3 + 3 + 20 - 1 })).toEqual(noSearch);
  expect(await warningsOf({ maxMetricCalls: 20 + 3 + 3 + 20 })).toEqual([]);
  expect(await warningsOf({ maxCostUsd: 0.01 })).toEqual(noSearch);
  const testset = tokenExamples('tests', 5);
  expect(await warningsOf({ maxCostUsd: 1, testset })).toEqual([]);
  const untested = expect.stringContaining('before the testset is scored');
  expect(await warningsOf({ maxCostUsd: 0.045, testset })).toEqual([...noSearch, untested]);
  expect(await warningsOf({ maxDurationMs: 60_000, testset })).toEqual([untested]);
});

it('refuses what optimize refuses', async () => {
  await expect(estimate({ ...tokenRun().options, maxMetricCalls: 1 })).rejects.toThrow(OptionsError);
});
