// @module-tag slow
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RunError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { replay } from '../report/result-of.ts';
import { stagedEvaluation } from '../search/strategies/evaluation-policy.ts';
import { chance } from '../testing/fixtures/simulated-provider.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';

const mix = fc.record({
  trainset: fc.integer({ min: 1, max: 7 }),
  valset: fc.integer({ min: 1, max: 8 }),
  testset: fc.integer({ min: 0, max: 4 }),
  extra: fc.integer({ min: 0, max: 90 }),
  seed: fc.nat({ max: 1_000 }),
  reflectionMinibatchSize: fc.integer({ min: 1, max: 5 }),
  samplingStrategy: fc.constantFrom(
    'single' as const,
    { parents: 2, mutations: 2 },
    { parents: 3, mutations: 1 },
    { parents: 1, mutations: 3 },
  ),
  selectionStrategy: fc.constantFrom('all' as const, 'best' as const, { topK: 2 }),
  acceptanceCriterion: fc.constantFrom('strict_improvement' as const, 'improvement_or_equal' as const),
  candidateSelectionStrategy: fc.constantFrom(
    'pareto' as const,
    'current_best' as const,
    'epsilon_greedy' as const,
    'top_k_pareto' as const,
  ),
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
  valsetIsTrainset: fc.boolean(),
  brokenShare: fc.constantFrom(0, 0.2),
  transientShare: fc.constantFrom(0, 0.3),
  outageShare: fc.constantFrom(0, 0, 0.02),
});

it('a run with any options, failures and delays stays within maxMetricCalls, counts every metric call, and its events contain the whole result', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async (drawn) => {
      const { trainset, valset, testset, extra, valsetIsTrainset, ...rest } = drawn;
      const { brokenShare, transientShare, outageShare, ...options } = rest;
      const train = tokenExamples('train', trainset);
      const val = valsetIsTrainset ? train : tokenExamples('valid', valset);
      const maxMetricCalls = val.length + 2 * testset + extra;
      let scored = 0;
      const outputs = new WeakSet<object>();
      const run = tokenRun({
        ...options,
        trainset: train,
        valset: val,
        ...(testset === 0 ? {} : { testset: tokenExamples('tests', testset) }),
        maxMetricCalls,
        maxIterations: 60,
        retry: { minDelayMs: 0, maxDelayMs: 0, retries: 2 },
        async before({ pair, previousRuns, context }) {
          if (chance(pair, 'wait') < 0.3) await new Promise(setImmediate);
          if (context.phase !== 'seed' && chance(pair, previousRuns, 'outage') < outageShare) {
            throw Object.assign(new Error('the provider is down'), { status: 401 });
          }
          if (previousRuns === 0 && chance(pair, 'transient') < transientShare) {
            throw Object.assign(new Error('busy'), { status: 429 });
          }
          if (context.phase !== 'seed' && chance(pair, 'broken') < brokenShare) {
            scored++;
            throw new Error('the program broke');
          }
        },
      });
      const { metric } = run.options;
      const counting = {
        ...run.options,
        metric: (args: Parameters<typeof metric>[0]) => {
          // The metric is asked again for a few outputs of the seed, which are no metric calls.
          if (!outputs.has(args.output)) scored++;
          outputs.add(args.output);
          return metric(args);
        },
      };
      const result = await optimize(counting).catch((error: unknown) => {
        if (RunError.isInstance(error) && error.result !== undefined) return error.result;
        throw error;
      });
      expect(scored).toBeLessThanOrEqual(maxMetricCalls);
      // After an error, rollouts in flight may finish without being counted.
      if (result.stopReason !== 'error') {
        expect(result.totalMetricCalls).toBe(scored);
        expect(run.rollouts()).toBe(scored);
      }
      expect(replay(run.decisions())).toEqual(result);
      // The budget covers the valset pass of every accepted candidate.
      if (outageShare === 0 && options.valEvaluationPolicy === 'full_eval') {
        expect(result.candidates.every(({ coverage }) => coverage === val.length)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

it('a run reserves the metric calls of the testset', async () => {
  const run = tokenRun({ testset: tokenExamples('tests', 10), maxMetricCalls: 60 });
  const result = await optimize(run.options);
  expect(result.stopReason).toBe('maxMetricCalls');
  expect(result.test?.size).toBe(10);
  expect(result.test?.metricCalls).toBe(result.bestIndex === 0 ? 10 : 20);
  expect(result.totalMetricCalls).toBeLessThanOrEqual(60);
});

it('a run starts no iteration unless maxMetricCalls covers the valset pass of its child', async () => {
  const run = tokenRun({ maxMetricCalls: 8 + 3 + 3 + 8 - 1 });
  const result = await optimize(run.options);
  expect(result).toMatchObject({ stopReason: 'maxMetricCalls', totalMetricCalls: 8 });
  expect(result.candidates).toHaveLength(1);
  expect(result.warnings.join()).toContain('leaves no room to search');
});

it('a run with maxTokens warns once when its rollouts report no usage', async () => {
  const reserve = { rollout: { tokens: 10 } };
  const { warnings } = await optimize(tokenRun({ maxTokens: 1_000, reserve, maxIterations: 1 }).options);
  expect(warnings.filter((text) => text.includes('reported no usage'))).toHaveLength(1);
  expect((await optimize(tokenRun({ maxIterations: 1 }).options)).warnings.join()).not.toContain('no usage');
});
