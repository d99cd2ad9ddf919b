import { describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';

/** A limit that these runs do not reach. */
const maxMetricCalls = 100_000;

describe('a search without progress', () => {
  it.each([true, false])(
    'a search with a perfect seed ends with allPerfect (cacheEvaluation: %s)',
    async (cacheEvaluation) => {
      const run = tokenRun({ metric: () => 1, maxMetricCalls, cacheEvaluation });
      const result = await optimize(run.options);
      expect(result.stopReason).toBe('allPerfect');
      expect(result).toMatchObject({ bestIndex: 0, bestScore: 1, iterations: 0 });
    },
  );

  it('a search ends with allPerfect once a candidate is perfect on the whole valset', async () => {
    const run = tokenRun({
      metric: ({ candidate }) => Object.values(candidate!).join().includes('red'),
      propose: async ({ candidate, components }) => ({
        [components[0]!]: `${candidate[components[0]!]} red`,
      }),
      maxMetricCalls,
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'allPerfect', bestScore: 1 });
    expect(result.candidates.length).toBe(result.bestIndex + 1);
  });

  it.each([
    ['skipPerfectScore is false', { skipPerfectScore: false }],
    ['an objective of the frontier is not perfect', { frontierType: 'hybrid' }],
  ] as const)('a perfect candidate does not end the search where %s', async (_, options) => {
    const run = tokenRun({
      metric: () => ({ score: 1, objectives: { brevity: 0.5 } }),
      maxIterations: 2,
      ...options,
    });
    expect((await optimize(run.options)).stopReason).toBe('maxIterations');
  });

  it.each(['instance', 'objective', 'hybrid', 'cartesian'] as const)(
    'a candidate with perfect scores and objectives ends the search with the %s frontier',
    async (frontierType) => {
      const run = tokenRun({
        metric: ({ candidate }) => {
          const score = Object.values(candidate!).join().includes('red') ? 1 : 0;
          return { score, objectives: { brevity: score } };
        },
        propose: async ({ candidate, components }) => ({
          [components[0]!]: `${candidate[components[0]!]} red`,
        }),
        frontierType,
        maxIterations: 50,
      });
      const result = await optimize(run.options);
      expect(result).toMatchObject({ stopReason: 'allPerfect', iterations: 1, bestScore: 1 });
    },
  );

  it('a search with perfect minibatches tries every example of the trainset before it ends', async () => {
    const run = tokenRun({
      trainset: tokenExamples('train', 60),
      metric: ({ example }) => (example.id === 'valid-0' ? 0 : 1),
      propose: async () => ({}),
      maxMetricCalls,
    });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('trainsetExhausted');
    expect(result.warnings).toContainEqual(
      expect.stringContaining('minibatches, so there is nothing to learn from them'),
    );
    const seen = run.decisions().flatMap((event) => (event.type === 'task_evaluated' ? event.minibatch : []));
    expect(new Set(seen).size).toBe(60);
  });

  it.each([true, false])(
    'a search whose proposals equal the current text ends with noNewProposals (cacheEvaluation: %s)',
    async (cacheEvaluation) => {
      const run = tokenRun({
        propose: async ({ candidate }) => ({ ...candidate }),
        maxMetricCalls,
        cacheEvaluation,
      });
      const result = await optimize(run.options);
      expect(result.stopReason).toBe('noNewProposals');
      expect(run.decisions().filter((event) => event.type === 'proposal_evaluated')).toEqual([]);
    },
  );

  it('a search whose proposer returns no texts ends with noNewProposals, and the result says why the last was rejected', async () => {
    const run = tokenRun({ propose: async () => ({}), maxMetricCalls });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('noNewProposals');
    expect(result.proposals.lastRejected).toMatchObject({
      reason: 'unchanged',
      message: expect.stringMatching(/^No new text was proposed for /),
    });
  });

  it.each([
    { cacheEvaluation: true, skipDuplicates: true },
    { cacheEvaluation: true, skipDuplicates: false },
    { cacheEvaluation: false, skipDuplicates: true },
  ])('a search whose proposer repeats a bad text ends (%o)', async (options) => {
    const run = tokenRun({
      components: ['prompt'],
      propose: async () => ({ prompt: 'nothing' }),
      metric: ({ output }) => (output.allTokens === 1 ? 0.5 : 0) - output.unwanted,
      acceptanceCriterion: 'strict_improvement',
      maxMetricCalls: 2_000,
      ...options,
    });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe(options.cacheEvaluation ? 'noNewProposals' : 'maxMetricCalls');
    expect(result.iterations).toBeLessThan(2_000);
  });

  it('a search that accepts the same text again and again ends with noNewProposals', async () => {
    const run = tokenRun({
      propose: async ({ candidate }) => ({ ...candidate }),
      acceptanceCriterion: 'improvement_or_equal',
      skipDuplicates: false,
      maxMetricCalls: 2_000,
    });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('noNewProposals');
  });
});

it('a search improves on the seed and returns its best candidate', async () => {
  const run = tokenRun({ maxMetricCalls: 400 });
  const result = await optimize(run.options);
  expect(result.bestScore).toBeGreaterThan(result.seedScore);
  expect(result.bestCandidate).toEqual(result.candidates[result.bestIndex]!.texts);
  expect(result.bestScore).toBe(Math.max(...result.candidates.map(({ mean }) => mean)));
});

it.each([
  ['reference', 14],
  ['adaptive', 12],
] as const)(
  'a %s search that ends for lack of metric calls says what is left and what another proposal takes',
  async (search, leastNeeded) => {
    const run = tokenRun({ search, maxMetricCalls: 71 });
    const { budgetHeld, totalMetricCalls, stopReason } = await optimize(run.options);
    expect(stopReason).toBe('maxMetricCalls');
    expect(budgetHeld!.left).toBe(71 - totalMetricCalls);
    expect(budgetHeld!.needed).toBeGreaterThanOrEqual(leastNeeded);
    expect(budgetHeld!.left).toBeLessThan(budgetHeld!.needed);
    expect(run.decisions().at(-1)).toMatchObject({ budgetHeld });
  },
);

it('a run that ends for another reason than its metric calls says nothing of them', async () => {
  const result = await optimize(tokenRun({ maxIterations: 2 }).options);
  expect(result.budgetHeld).toBeUndefined();
});
