import { expect, it } from 'vitest';
import { optimize } from './optimize.ts';
import { summarize } from './report/summary.ts';
import type { TestScores } from './result.ts';

/** Every new text is better on the valset; on the testset it scores what the test says. */
const run = (onTest: number, options: { onRegression?: 'useSeed' | 'keepBest' } = {}) => {
  let texts = 0;
  return optimize({
    ...options,
    seedCandidate: { prompt: 'p0' },
    run: (candidate: { readonly prompt: string }, example: string) => ({
      output: { depth: Number(candidate.prompt.slice(1)), example },
    }),
    metric: ({ output: { depth, example } }) =>
      example.startsWith('test') ? (depth === 0 ? 0.5 : onTest) : Math.min(0.9, depth / 10),
    trainset: ['a', 'b', 'c'],
    valset: ['d', 'e'],
    testset: ['test 1', 'test 2'],
    propose: async () => ({ prompt: `p${++texts}` }),
    maxIterations: 3,
  });
};

it('a best candidate that the testset scores lower than the seed gives way to the seed, with a warning', async () => {
  const result = await run(0.4);
  expect(result).toMatchObject({
    bestIndex: 0,
    bestCandidate: { prompt: 'p0' },
    bestScore: result.seedScore,
    lengths: { prompt: { seed: 2, best: 2 } },
  });
  const { candidate } = result.test as TestScores;
  expect(candidate).toBeGreaterThan(0);
  expect(result.candidates[candidate]!.mean).toBeGreaterThan(result.bestScore);
  expect((result.test as TestScores).gain).toBeCloseTo(-0.1);
  expect(result.warnings.join(' ')).toContain('worse than the seed on the testset');
  expect(result.warnings.join(' ')).toContain('The seed is kept');
  expect(summarize(result)).toContain(`The seed is kept, because candidate ${candidate} scores lower`);
  expect(summarize(result)).not.toContain('Changes from the seed');
});

it("with onRegression: 'keepBest' the best candidate is used although the testset scores it lower", async () => {
  const result = await run(0.4, { onRegression: 'keepBest' });
  expect(result.bestIndex).toBe(result.test!.candidate);
  expect(result.bestCandidate).toEqual(result.candidates[result.bestIndex]!.texts);
  expect(result.warnings.join(' ')).toContain('It is kept');
});

it('a best candidate that the testset does not score lower is used', async () => {
  const result = await run(0.5);
  expect(result.bestIndex).toBe(result.test!.candidate);
  expect(result.warnings.join(' ')).not.toContain('worse than the seed');
});

it('a validation score that was chosen among many is marked as optimistic, and stands after the held-out one', async () => {
  const result = await run(0.8);
  expect(result).toMatchObject({
    scoredOn: { examples: 2, positions: [0, 1], optimistic: true },
    candidates: { length: 4 },
  });
  const summary = summarize(result);
  expect(summary).toContain('Optimistic: the highest of 4 candidates');
  expect(summary.indexOf('Held-out test')).toBeLessThan(summary.indexOf('Validation'));
});
