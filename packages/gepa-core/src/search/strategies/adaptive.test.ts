// @module-tag slow
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimize } from '../../optimize.ts';
import { Random } from '../../statistics/random.ts';
import { searchViewOf } from '../../testing/fixtures/search-view.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { hash } from '../draws.ts';
import { scoredCandidate } from '../state/scored-candidate.ts';
import { leaderOrPareto, reuseMeasured } from './adaptive.ts';

const adaptive = (setup: TokenRunSetup) => tokenRun({ search: 'adaptive', ...setup });

const changesOf = (run: ReturnType<typeof tokenRun>) =>
  run.decisions().flatMap((event) => (event.type === 'pool_changed' ? [event] : []));

describe('the adaptive search', () => {
  it('an adaptive run stays within its budget, compares all on one part, and reports scores that it measured', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat({ max: 1_000 }),
          valset: fc.integer({ min: 1, max: 40 }),
          testset: fc.integer({ min: 0, max: 4 }),
          maxMetricCalls: fc.integer({ min: 20, max: 400 }),
          isPassOrFail: fc.boolean(),
          useMerge: fc.boolean(),
          samplingStrategy: fc.constantFrom(
            'single' as const,
            { parents: 2, mutations: 1 },
            { parents: 1, mutations: 3 },
          ),
        }),
        async ({ valset, testset, isPassOrFail, ...options }) => {
          const run = adaptive({
            ...options,
            valset: tokenExamples('valid', valset),
            testset: testset === 0 ? undefined : tokenExamples('tests', testset),
            metric: ({ output: { present, unwanted } }) =>
              isPassOrFail ? Number(present > unwanted) : Math.max(0, (1 + present - unwanted) / 4),
          });
          const result = await optimize(run.options);
          expect(result.totalMetricCalls).toBeLessThanOrEqual(options.maxMetricCalls);
          const chosen = run.decisions().find((event) => event.type === 'best_chosen');
          const best = result.candidates[result.bestIndex]!;
          const positions = chosen?.positions ?? result.part;
          const scores = [...new Set(positions)].map((position) => best.scores[position]!);
          expect(result.bestScore).toBeCloseTo(scores.reduce((a, b) => a + b, 0) / scores.length, 12);
          expect(result.scoredOn.examples).toBe(scores.length);
          if (chosen?.fresh === true) {
            expect(positions.filter((position) => result.part.includes(position))).toEqual([]);
          }
          // The part only grows, and the members of the pool have scores on all of it.
          let before: readonly number[] = [];
          for (const { part, candidates } of changesOf(run)) {
            expect(part.slice(0, before.length)).toEqual(before);
            before = part;
            for (const index of candidates) {
              const { scores } = result.candidates[index]!;
              expect(part.every((position) => scores[position] !== null)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('the part starts with six positions and grows when the search stalls', async () => {
    const run = adaptive({
      valset: tokenExamples('valid', 40),
      propose: async ({ candidate, components }) =>
        Object.fromEntries(components.map((name) => [name, `${candidate[name]} odd`])),
      metric: ({ output }) => 0.5 / output.allTokens,
      maxMetricCalls: 400,
      skipDuplicates: false,
      cacheEvaluation: false,
    });
    await optimize(run.options);
    const [start, growth] = changesOf(run);
    expect(start!.part).toHaveLength(6);
    // Every child fails on its minibatch.
    expect(growth).toMatchObject({ iteration: 12, reason: 'the search stalled' });
    expect(growth!.part.length).toBeGreaterThan(6);
  });

  it('the part grows at once when the leader is perfect on it, and a perfect valset ends the search', async () => {
    const run = adaptive({ valset: tokenExamples('valid', 40), metric: () => 1 });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'allPerfect', iterations: 0, totalMetricCalls: 40 });
    expect(changesOf(run).at(-1)!.reason).toBe('the leader is perfect on the part so far');
  });

  it('a trainset on which every candidate is perfect ends the search with trainsetExhausted and a warning', async () => {
    const run = adaptive({ metric: ({ example }) => Number(example.id.startsWith('train')) });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('trainsetExhausted');
    expect(result.warnings.some((warning) => warning.startsWith('The trainset is exhausted'))).toBe(true);
  });

  it('the seed is returned where children are only better by chance', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, async (_, seed) => {
        const run = adaptive({
          seed,
          valset: tokenExamples('valid', 60),
          metric: ({ output, example }) =>
            Number(hash(`${seed} ${example.id} ${JSON.stringify(output)}`) < 0.5 * 2 ** 32),
          propose: async ({ candidate, components }) =>
            Object.fromEntries(components.map((name) => [name, `${candidate[name]} x`])),
          maxMetricCalls: 300,
        });
        const { bestIndex, bestScore } = await optimize(run.options);
        return { bestIndex, bestScore };
      }),
    );
    expect(outcomes.filter(({ bestIndex }) => bestIndex === 0).length).toBeGreaterThan(10);
    const mean = outcomes.reduce((sum, { bestScore }) => sum + bestScore, 0) / outcomes.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.1);
  });

  it('the final comparison uses positions outside of the part and leaves few calls unspent', async () => {
    const run = adaptive({
      valset: tokenExamples('valid', 200),
      maxMetricCalls: 400,
      skipPerfectScore: false,
    });
    const result = await optimize(run.options);
    expect(result.totalMetricCalls).toBeGreaterThanOrEqual(0.98 * 400);
    expect(result.scoredOn).toMatchObject({ fresh: true, optimistic: false });
    expect(result.scoredOn.examples).toBeGreaterThanOrEqual(10);
  });

  it('the score of a best candidate that was chosen by it is marked as optimistic, the score of the seed is not', async () => {
    const run = adaptive({ valset: tokenExamples('valid', 6), maxMetricCalls: 150 });
    const result = await optimize(run.options);
    expect(result.bestIndex).toBeGreaterThan(0);
    expect(result.scoredOn).toMatchObject({ examples: 6, fresh: false, optimistic: true });
    expect(result.seedScoredOn).toMatchObject({ examples: 6, fresh: false, optimistic: false });
  });

  it('a search that ended early scores its best candidates on no more than thirty further examples each', async () => {
    const run = adaptive({ valset: tokenExamples('valid', 200), maxMetricCalls: 2_000, maxIterations: 8 });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('maxIterations');
    expect(result.candidates.length).toBeGreaterThan(2);
    for (const { coverage } of result.candidates)
      expect(coverage).toBeLessThanOrEqual(result.part.length + 30);
  });

  it('a noisy program is scored again on the valset when the budget allows it', async () => {
    let calls = 0;
    const run = adaptive({
      valset: tokenExamples('valid', 6),
      metric: ({ output }) => 0.1 * (1 + output.present) + 0.01 * (hash(`${calls++}`) % 10),
      maxMetricCalls: 300,
      concurrency: 1,
    });
    const result = await optimize(run.options);
    expect(Math.max(...result.candidates[result.bestIndex]!.runs!)).toBeGreaterThan(1);
  });

  it('limits on tokens leave a share for the final comparison', async () => {
    const run = adaptive({
      valset: tokenExamples('valid', 60),
      maxTokens: 6_000,
      reserve: { rollout: { tokens: 10 }, reflection: { tokens: 10 } },
    });
    const { maxMetricCalls: _, adapter, ...options } = run.options;
    const result = await optimize({
      ...options,
      adapter: {
        ...adapter,
        run: async (...args) => ({
          ...(await adapter.run(...args)),
          usage: { modelCalls: 1, inputTokens: 8, outputTokens: 2 },
        }),
      },
    });
    expect(run.decisions().some(({ type }) => type === 'best_chosen')).toBe(true);
    expect(result.usage.inputTokens + result.usage.outputTokens).toBeLessThanOrEqual(6_000);
  });

  it('a run that can afford fewer than ten proposals warns before the seed is scored', async () => {
    const run = adaptive({ maxMetricCalls: 40, testset: tokenExamples('tests', 6) });
    await optimize(run.options);
    const warned = run.events.findIndex(
      (event) => event.type === 'warning' && event.message.startsWith('maxMetricCalls allows only about'),
    );
    expect(warned).toBeGreaterThan(-1);
    expect(warned).toBeLessThan(run.events.findIndex(({ type }) => type === 'rollout_finished'));
  });
});

const candidate = (index: number, scores: readonly number[]) =>
  scoredCandidate({
    index,
    texts: { prompt: `${index}` },
    parents: index === 0 ? [] : [0],
    source: index === 0 ? 'seed' : 'reflection',
    iteration: index,
    scores,
    metricCalls: 0,
  });

it('leaderOrPareto selects the leader more often than the other candidates of the frontier', () => {
  const search = searchViewOf([candidate(0, [1, 0, 0]), candidate(1, [0, 1, 1])], { bestIndex: 1 });
  const random = new Random(1);
  const selected = Array.from({ length: 300 }, () => leaderOrPareto().select(search, random));
  const leads = selected.filter((index) => index === 1).length;
  expect(leads).toBeGreaterThan(220);
  expect(leads).toBeLessThan(280);
});

it('reuseMeasured samples distinct positions of the trainset, any number of them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 8 }),
      (trainsetSize, minibatchSize) => {
        const search = searchViewOf([candidate(0, [0])], { trainsetSize });
        const sampler = reuseMeasured();
        const random = new Random(trainsetSize);
        for (let iteration = 1; iteration < 12; iteration++) {
          const request = { trainsetSize, minibatchSize, iteration, random, parent: 0, search };
          const minibatch = sampler.next(request);
          expect(new Set(minibatch).size).toBe(Math.min(minibatchSize, trainsetSize));
          expect(minibatch.every((position) => position >= 0 && position < trainsetSize)).toBe(true);
        }
      },
    ),
  );
});
