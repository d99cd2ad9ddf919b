import { expect, it } from 'vitest';
import { OptionsError } from '../errors.ts';
import { savedFrom } from './saved-from.ts';

const run = {
  seed: { system: 'own' },
  candidates: [
    { texts: { system: 'own' }, mean: 0.4, coverage: 8 },
    { texts: { system: 'shorter' }, mean: 0.6, coverage: 8 },
    { texts: { system: 'best' }, mean: 0.65, coverage: 8 },
  ],
  bestIndex: 2,
  score: { seed: 0.4, best: 0.7 },
  test: {
    candidate: 2,
    size: 5,
    seedScore: 0.3,
    bestScore: 0.6,
    seedScores: [],
    bestScores: [],
    gain: 0.3,
    interval: [0.1, 0.5] as const,
    metricCalls: 10,
  },
};

it('the best candidate is saved with its final and its held-out scores', () => {
  expect(savedFrom(run, 2)).toEqual({
    format: 'gepa-candidate',
    version: 1,
    texts: { system: 'best' },
    original: { system: 'own' },
    scores: {
      validation: { seed: 0.4, best: 0.7 },
      test: { size: 5, seed: 0.3, best: 0.6, interval: [0.1, 0.5] },
    },
  });
});

it('another candidate is saved with its own mean, and without held-out scores', () => {
  const saved = savedFrom(run, 1);
  expect(saved.texts).toEqual({ system: 'shorter' });
  expect(saved.scores).toEqual({ validation: { seed: 0.4, best: 0.6 } });
});

it('a candidate without a score is saved without validation scores', () => {
  const unscored = run.candidates.map((candidate) => ({ ...candidate, mean: 0, coverage: 0 }));
  expect(savedFrom({ ...run, score: undefined, test: undefined, bestIndex: 0 }, 0).scores).toEqual({});
  expect(savedFrom({ ...run, candidates: unscored }, 1).scores).toEqual({});
});

it('a candidate that does not exist is refused with the number of candidates', () => {
  expect(() => savedFrom(run, 3)).toThrow(OptionsError);
  expect(() => savedFrom(run, -1)).toThrow('the run has 3 candidates, counted from 0, the seed');
});
