import { describe, expect, it } from 'vitest';
import type { RunData } from '../run-data/run-data.ts';
import { verdictOf } from './verdict.ts';

const on = { examples: 20, positions: [], fresh: false, optimistic: false };
const run = (changes: Partial<RunData> = {}) => ({
  state: 'ended' as const,
  bestIndex: 3,
  score: { seed: 0.4, best: 0.7, seedOn: on, bestOn: on },
  proposals: [],
  valset: Array.from({ length: 20 }, (_, i) => i),
  ...changes,
});

const test = (gain: number, interval: readonly [number, number], differing = 10) => ({
  candidate: 3,
  size: 30,
  seedScore: 0.4,
  bestScore: 0.4 + gain,
  seedScores: Array.from({ length: 30 }, () => 0),
  bestScores: Array.from({ length: 30 }, (_, i) => (i < differing ? 1 : 0)),
  gain,
  interval,
  metricCalls: 60,
});

const proposal = (status: string) => ({ status }) as RunData['proposals'][number];

describe('the verdict on a run', () => {
  it('the verdict is a gain when the held-out interval is above 0 and enough examples differ', () => {
    expect(verdictOf(run({ test: test(0.3, [0.1, 0.5]) }))).toEqual({
      kind: 'gain',
      sentence:
        'Candidate 3 gains +0.300 on 30 held-out examples (0.400 → 0.700; 95% interval +0.100 to +0.500), unlikely to be chance.',
      notes: ['Validation: 0.400 → 0.700 on 20 examples.'],
    });
  });

  it('the verdict is unsure when the interval includes 0 or few examples differ', () => {
    expect(verdictOf(run({ test: test(0.1, [-0.1, 0.3]) }))).toMatchObject({
      kind: 'unsure',
      sentence: expect.stringContaining('which may be chance'),
    });
    expect(verdictOf(run({ test: test(0.1, [0.01, 0.3], 2) })).kind).toBe('unsure');
  });

  it('the verdict is a loss when the interval is below 0', () => {
    expect(verdictOf(run({ test: test(-0.2, [-0.4, -0.1]) }))).toMatchObject({
      kind: 'loss',
      sentence: expect.stringContaining('loses -0.200'),
    });
  });

  it('the verdict without held-out scores says that the validation score tends to be too high', () => {
    const { kind, sentence, notes } = verdictOf(run());
    expect([kind, sentence]).toEqual([
      'unsure',
      'Candidate 3 scores 0.700 on the validation examples; the seed scores 0.400.',
    ]);
    expect(notes.join()).toContain('tends to be too high');
  });

  it('the verdict names the examples behind the scores when seed and best were scored on different examples', () => {
    const bestOn = { examples: 8, positions: [], fresh: true, optimistic: false };
    const { notes } = verdictOf(run({ score: { seed: 0.4, best: 0.7, seedOn: on, bestOn } }));
    expect(notes[0]).toContain('the best candidate 0.700 on 8 of 20 examples that the search did not use');
  });

  it('the verdict counts the outcomes of the proposals when the seed is still the best', () => {
    const best = (proposals: RunData['proposals']) => verdictOf(run({ bestIndex: 0, proposals })).sentence;
    expect(best([])).toContain('no proposal was tested.');
    expect(best([proposal('rejected'), proposal('rejected'), proposal('refused')])).toContain(
      '2 proposals tested, none accepted',
    );
    expect(best([proposal('rejected'), proposal('accepted')])).toContain('1 passed its minibatch');
  });

  it('the verdict on a run in progress is about the best candidate so far', () => {
    expect(verdictOf(run({ state: 'running' })).sentence).toContain('Candidate 3 leads with 0.700');
    const { score: _, ...unscored } = run({ state: 'running' });
    expect(verdictOf(unscored).sentence).toBe('The seed is being scored.');
  });
});
