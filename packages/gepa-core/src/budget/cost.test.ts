// @module-tag slow
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError, RunError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { Random } from '../statistics/random.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { modelCallUsage, type Price, type Usage } from './usage.ts';

/** A run without metered calls in which all rollouts have the same usage, and all reflections too. */
function pricedRun(setup: {
  readonly maxCostUsd?: number;
  readonly maxIterations?: number;
  readonly rollout: Usage;
  readonly reflection: Usage;
  readonly prices?: Record<string, { input: number; output: number }>;
  readonly concurrency?: number;
  readonly samplingStrategy?: { parents: number; mutations: number };
}) {
  const { rollout, reflection, ...rest } = setup;
  let reflections = 0;
  const run = tokenRun({ before: () => new Promise(setImmediate) });
  const { propose, maxMetricCalls, ...options } = run.options;
  expect([propose, maxMetricCalls]).not.toContain(undefined);
  const { adapter } = options;
  return {
    ...run,
    options: {
      ...options,
      adapter: {
        ...adapter,
        run: async (...args: Parameters<typeof adapter.run>) => ({
          ...(await adapter.run(...args)),
          usage: rollout,
        }),
      },
      reflectionModel: async () => {
        await new Promise(setImmediate);
        return { text: `\`\`\`\nbase red green blue ${reflections++}\n\`\`\``, usage: reflection };
      },
      reserve: { rollout: { costUsd: 0.002 }, reflection: { costUsd: 0.02 } },
      ...rest,
    },
  };
}

const prices = { small: { input: 1, output: 2 }, large: { input: 10, output: 20 } };
const small = modelCallUsage({ model: 'small', inputTokens: 1_000, outputTokens: 500 }); // $0.002
const large = modelCallUsage({ model: 'large', inputTokens: 1_000, outputTokens: 500 }); // $0.02

describe('maxCostUsd', () => {
  it('maxCostUsd is never exceeded when all rollouts cost the same and all reflections too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.03, max: 0.4, noNaN: true }),
        fc.constantFrom(1, 4, 32),
        fc.integer({ min: 1, max: 4 }),
        async (maxCostUsd, concurrency, mutations) => {
          const run = pricedRun({
            maxCostUsd,
            rollout: small,
            reflection: large,
            prices,
            concurrency,
            samplingStrategy: { parents: 1, mutations },
          });
          const result = await optimize(run.options);
          const reflections = result.spend.reflection.usage.modelCalls;
          expect(result.usage.costUsd).toBeCloseTo(result.totalMetricCalls * 0.002 + reflections * 0.02, 9);
          expect(result.usage.costUsd).toBeLessThanOrEqual(maxCostUsd + 1e-9);
          expect(['maxCostUsd', 'allPerfect']).toContain(result.stopReason);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([1, 32])(
    'maxCostUsd is used up even if the reservations of all concurrent calls would exceed it (concurrency %i)',
    async (concurrency) => {
      const run = pricedRun({ maxCostUsd: 0.25, rollout: small, reflection: large, prices, concurrency });
      const reserve = { rollout: { costUsd: 0.1 }, reflection: { costUsd: 0.1 } };
      const result = await optimize({ ...run.options, reserve });
      expect(result.stopReason).toBe('maxCostUsd');
      expect(result.usage.costUsd).toBeLessThanOrEqual(0.25);
      expect(result.usage.costUsd).toBeGreaterThan(0.25 - 0.1 - 0.002);
    },
  );

  it('maxCostUsd applies to costs that the usage reports', async () => {
    const run = pricedRun({
      maxCostUsd: 0.5,
      rollout: modelCallUsage({ costUsd: 0.01 }),
      reflection: modelCallUsage({ costUsd: 0.05 }),
    });
    const reserve = { rollout: { costUsd: 0.01 }, reflection: { costUsd: 0.05 } };
    const result = await optimize({ ...run.options, reserve });
    expect(result.stopReason).toBe('maxCostUsd');
    expect(result.usage.costUsd).toBeLessThanOrEqual(0.5);
    expect(result.usage.costUsd).toBeGreaterThan(0.3);
  });

  it('a run that reaches maxCostUsd while it scores the seed keeps the scores it has', async () => {
    const run = pricedRun({ maxCostUsd: 0.009, rollout: small, reflection: small, prices });
    const reserve = { rollout: { costUsd: 0.002 }, reflection: { costUsd: 0.002 } };
    const result = await optimize({ ...run.options, reserve });
    expect(result).toMatchObject({ stopReason: 'maxCostUsd', totalMetricCalls: 4, bestIndex: 0 });
    expect(result.candidates[0]!.coverage).toBe(4);
  });

  it.each([
    ['a rollout', { rollout: modelCallUsage({ model: 'medium' }), reflection: small }, 'rollout by medium'],
    ['a reflection', { rollout: small, reflection: modelCallUsage({}) }, 'reflection by an unnamed model'],
    ['one of several calls', { rollout: { ...small, modelCalls: 2 }, reflection: small }, 'rollout by small'],
  ])('a run with maxCostUsd fails if the cost of %s is unknown', async (_, usages, message) => {
    const error = await optimize(pricedRun({ maxCostUsd: 1, prices, ...usages }).options).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(RunError);
    expect((error as RunError).message).toContain(message);
    expect((error as RunError).message).toContain('`prices`');
  });

  it('a cost that leaves out a model without a price has a warning that names the model', async () => {
    const unpriced = modelCallUsage({ model: 'own-model', inputTokens: 1_000, outputTokens: 500 });
    const limits = { maxIterations: 3, prices };
    const partly = await optimize(pricedRun({ ...limits, rollout: small, reflection: unpriced }).options);
    expect(partly.usage.costUsd).toBeGreaterThan(0);
    expect(partly.warnings.join()).toContain('leaves out the calls of own-model, whose price is unknown');
    const none = await optimize(pricedRun({ ...limits, rollout: unpriced, reflection: unpriced }).options);
    expect(none.usage.costUsd).toBeUndefined();
    expect(none.warnings.join()).not.toContain('price');
  });

  it('a run with maxCostUsd needs the cost of the judge even if that of the program is known', async () => {
    const run = pricedRun({
      maxCostUsd: 1,
      rollout: modelCallUsage({ costUsd: 0.01 }),
      reflection: small,
      prices,
    });
    const withJudge = {
      ...run.options,
      reserve: { rollout: { costUsd: 0.02 }, reflection: { costUsd: 0.02 } },
      metric: () => ({ score: 0.5, usage: modelCallUsage({ model: 'judge' }) }),
    };
    await expect(optimize(withJudge)).rejects.toThrow('rollout by judge');
    const priced = { ...withJudge, prices: { ...prices, judge: { input: 1, output: 1 } } };
    expect((await optimize(priced)).stopReason).toBe('maxCostUsd');
  });
});

describe('maxTokens', () => {
  /** Runs rollouts that use the given number of tokens. */
  async function sizedRun(setup: TokenRunSetup, tokensOf: (number: number) => number) {
    const { options } = tokenRun({ before: () => new Promise(setImmediate), ...setup });
    const { maxMetricCalls: _, ...rest } = options;
    const { adapter } = options;
    let number = 0;
    const result = await optimize({
      ...rest,
      adapter: {
        ...adapter,
        run: async (...args: Parameters<typeof adapter.run>) => {
          const usage = modelCallUsage({ inputTokens: tokensOf(number++) });
          return { ...(await adapter.run(...args)), usage };
        },
      },
    });
    return { result, tokens: result.usage.inputTokens };
  }

  it('maxTokens is exceeded only by calls that exceed their reservation, and the result warns of it', async () => {
    const reserve = { rollout: { tokens: 200 } };
    const kept = await sizedRun({ maxTokens: 1_000, reserve }, () => 200);
    expect(kept).toMatchObject({ tokens: 1_000, result: { stopReason: 'maxTokens' } });
    expect(kept.result.warnings.join()).not.toContain('maxTokens is');
    const { result } = await sizedRun({ maxTokens: 1_000, reserve }, () => 300);
    expect(result.warnings.join()).toMatch(/maxTokens is 1000, but the run took \d+/);
  });

  it('maxTokens leaves enough for the testset when the usage of rollouts varies', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const maxTokens = 8_000 + 400 * seed;
      const reserve = { rollout: { tokens: 150 } };
      const setup = { maxTokens, reserve, seed, testset: tokenExamples('tests', 10) };
      const random = new Random(seed);
      const { result, tokens } = await sizedRun(setup, () => 50 + random.randbelow(100));
      expect(result.stopReason).toBe('maxTokens');
      expect(result.iterations).toBeGreaterThan(1);
      expect(result.test?.size).toBe(10);
      expect(tokens).toBeLessThanOrEqual(maxTokens);
    }
  });
});

describe('models that are known before the run starts', () => {
  const started = (given: { models?: string[]; modelName?: string; prices?: Record<string, Price> }) => {
    const { models, modelName, ...rest } = given;
    const mini = modelCallUsage({ model: 'gpt-4.1-mini-2025-04-14', inputTokens: 1_000, outputTokens: 500 });
    const run = pricedRun({ maxCostUsd: 0.02, rollout: mini, reflection: mini, ...rest });
    const { adapter, reflectionModel } = run.options;
    const options = {
      ...run.options,
      adapter: { ...adapter, ...(models === undefined ? {} : { models }) },
      reflectionModel: Object.assign(reflectionModel, { modelName }),
    };
    return { run, options };
  };

  it.each([
    ['a program model', { models: ['gpt-4.1-mini', 'local/m'] }],
    ['a reflection model', { modelName: 'local/m' }],
  ])('%s without a price is rejected before the run starts', async (_, given) => {
    const { run, options } = started(given);
    const error = await optimize(options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OptionsError);
    expect((error as OptionsError).message).toContain("prices: { 'local/m': { input: 1, output: 2 } }");
    expect(run.events).toEqual([]);
    const prices = { 'local/m': { input: 0, output: 0 } };
    expect((await optimize({ ...options, prices })).stopReason).toBe('maxCostUsd');
    const { maxCostUsd, ...unlimited } = options;
    expect((await optimize({ ...unlimited, maxIterations: 1 })).stopReason).toBe('maxIterations');
  });

  it('models are priced by the catalogue under the names that their usage reports, with and without maxCostUsd', async () => {
    const { options } = started({ models: ['gpt-4.1-mini'], modelName: 'openai/gpt-4.1-mini' });
    const limited = await optimize(options);
    expect(limited).toMatchObject({ stopReason: 'maxCostUsd', usage: { costUsd: expect.any(Number) } });
    const { maxCostUsd, ...unlimited } = options;
    const { usage } = await optimize({ ...unlimited, maxIterations: 1 });
    expect(usage.costUsd! / usage.modelCalls).toBeCloseTo(
      limited.usage.costUsd! / limited.usage.modelCalls,
      9,
    );
  });

  it('prices of the caller take precedence, also for dated model names', async () => {
    const prices = { 'gpt-4.1-mini': { input: 10, output: 20 } };
    const { usage } = await optimize(started({ models: ['gpt-4.1-mini'], prices }).options);
    expect(usage.costUsd).toBeCloseTo(0.02 * usage.modelCalls, 9);
  });
});

it('a run without maxCostUsd accepts unknown costs', async () => {
  const run = pricedRun({
    maxCostUsd: 1,
    rollout: modelCallUsage({ model: 'medium' }),
    reflection: large,
    prices,
  });
  const { maxCostUsd, ...options } = run.options;
  const result = await optimize({ ...options, maxIterations: 2 });
  expect(maxCostUsd).toBe(1);
  expect(result.stopReason).toBe('maxIterations');
  expect(result.usage.byModel?.medium?.modelCalls).toBe(result.totalMetricCalls);
  expect(result.spend.reflection.usage.costUsd).toBeCloseTo(
    0.02 * result.spend.reflection.usage.modelCalls,
    9,
  );
});

it('the event of a reflection contains its cost', async () => {
  const run = pricedRun({ maxCostUsd: 0.3, rollout: small, reflection: large, prices });
  await optimize(run.options);
  const reflections = run.events.filter((event) => event.type === 'reflection_finished');
  expect(reflections.length).toBeGreaterThan(0);
  for (const { usage } of reflections) expect(usage.costUsd).toBeCloseTo(0.02, 9);
});
