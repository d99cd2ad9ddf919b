import { describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';

/** Bounded by metric calls alone, and far from them. */
const maxMetricCalls = 100_000;

describe('a search that gets nowhere ends with a reason', () => {
  it.each([true, false])('when the seed is perfect (cacheEvaluation: %s)', async (cacheEvaluation) => {
    const run = tokenRun({ metric: () => 1, maxMetricCalls, cacheEvaluation });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('allPerfect');
    expect(result.iterations).toBeLessThanOrEqual(10);
    expect(result).toMatchObject({ bestIndex: 0, bestScore: 1 });
  });

  it('not before every example was seen, when the trainset is large', async () => {
    const run = tokenRun({
      trainset: tokenExamples('train', 60),
      metric: ({ example }) => (example.id === 'train-41' ? 0 : 1),
      propose: async () => ({}),
      maxMetricCalls,
    });
    await optimize(run.options);
    const seen = run.decisions().flatMap((event) => (event.type === 'task_evaluated' ? event.minibatch : []));
    expect(new Set(seen).size).toBe(60);
  });

  it.each([true, false])(
    'when every proposal is the old text (cacheEvaluation: %s)',
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

  it('when the proposer never gives a text', async () => {
    const run = tokenRun({ propose: async () => ({}), maxMetricCalls });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('noNewProposals');
    expect(result.warnings).toEqual([
      expect.stringMatching(/^The last new text was rejected: No new text was proposed for /),
    ]);
  });

  it.each([
    { cacheEvaluation: true, skipDuplicates: true },
    { cacheEvaluation: true, skipDuplicates: false },
    { cacheEvaluation: false, skipDuplicates: true },
  ])('when the same bad text is proposed for ever (%o)', async (options) => {
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

  it('when the same old text is accepted for ever, since equal will do', async () => {
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

it('spends its budget where there is something to find, and finds it', async () => {
  const run = tokenRun({ maxMetricCalls: 400 });
  const result = await optimize(run.options);
  expect(result.bestScore).toBeGreaterThan(result.seedScore);
  expect(result.bestCandidate).toEqual(result.candidates[result.bestIndex]!.texts);
  expect(result.bestScore).toBe(Math.max(...result.candidates.map(({ mean }) => mean)));
});
