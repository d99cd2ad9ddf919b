import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { replay } from '../engine/state.ts';
import type { OptimizationResult, TestScores } from '../result.ts';
import type { Usage } from '../usage.ts';
import { candidateAdded, decisions, newBest, runFinished, runStarted } from './fixtures/sample-run.ts';
import { summarize } from './summary.ts';

const result = replay(decisions);
const seedOnly = replay([runStarted(), candidateAdded(), runFinished({ stopReason: 'allPerfect' })]);
const test: TestScores = {
  size: 100,
  seedScore: 0.475,
  bestScore: 0.7,
  seedScores: [],
  bestScores: [],
  gain: 0.225,
  interval: [0.05, 0.4],
  metricCalls: 200,
};

const spendOn = (reflection: Usage) => ({
  ...result.spend,
  reflection: { metricCalls: 0, usage: reflection },
});
const linesOf = (changes: Partial<OptimizationResult> = {}) =>
  summarize({ ...result, ...changes }).split('\n');
/** The lines behind a label. */
function row(lines: readonly string[], label: string): string[] {
  const start = lines.findIndex((line) => line.startsWith(label));
  if (start < 0) return [];
  const end = lines.findIndex((line, i) => i > start && !line.startsWith(' '));
  return lines.slice(start, end).map((line) => line.slice(15));
}

describe('the outcome', () => {
  it('starts with the end', () => {
    expect(linesOf()[0]).toBe(
      'Ended after 1m 05s: the metric calls left do not suffice for another iteration (maxMetricCalls)',
    );
  });

  it('compares validation scores', () => {
    expect(row(linesOf(), 'Validation')).toEqual(['0.500 → 0.750 (+0.250) on 4 examples']);
  });

  it('says when the two stand on different examples', () => {
    const partial = replay([
      runStarted(),
      candidateAdded(),
      newBest({ scores: [1, 1, null, null] }),
      runFinished(),
    ]);
    expect(row(summarize(partial).split('\n'), 'Validation')).toEqual([
      '0.500 → 1.000 (+0.500) on 4 examples',
      'The seed was scored on 4 examples, the best candidate on 2 of 4 examples',
    ]);
  });

  it('does not sell a seed that nothing beat', () => {
    const lines = summarize(seedOnly).split('\n');
    expect(row(lines, 'Validation')).toEqual([
      '0.500 on 4 examples: the seed is still the best, no other candidate was found',
    ]);
    expect(row(lines, 'Held-out test')).toEqual(['not scored']);
    expect(lines.join('\n')).not.toContain('Changes');
  });

  it('names the best of every objective', () => {
    const withObjectives = replay([
      runStarted(),
      candidateAdded({ objectiveScores: { accuracy: [1, 1, 0, 0], brevity: [1, 1, 1, 1] } }),
      newBest({ objectiveScores: { accuracy: [1, 1, 1, 0], brevity: [1, 0, 0, 0] } }),
      runFinished({ bestIndex: 1 }),
    ]);
    expect(row(summarize(withObjectives).split('\n'), 'Objectives')).toEqual([
      'accuracy  0.500 → 0.750, by candidate 1',
      'brevity   1.000, by the seed',
    ]);
    expect(row(linesOf(), 'Objectives')).toEqual([]);
  });
});

describe('the held-out test', () => {
  it('shows the gain, its interval and its size', () => {
    expect(row(linesOf({ test }), 'Held-out test')).toEqual([
      '0.475 → 0.700 (+0.225) on 100 examples',
      '95% interval of the gain: +0.050 to +0.400',
      'It is all above 0: the gain is unlikely to be chance',
    ]);
  });

  it.each<[number, [number, number], string]>([
    [0.1, [-0.05, 0.25], 'It includes 0: the gain may be chance'],
    [0.1, [0, 0.25], 'It includes 0: the gain may be chance'],
    [-0.1, [-0.25, 0.05], 'It includes 0: the loss may be chance'],
    [0, [-0.1, 0.1], 'It includes 0: no difference was found'],
    [-0.2, [-0.3, -0.1], 'It is all below 0: the best candidate is worse than the seed on new examples'],
  ])('is honest about a gain of %d within %j', (gain, interval, verdict) => {
    expect(row(linesOf({ test: { ...test, gain, interval } }), 'Held-out test')[2]).toBe(verdict);
  });

  it('does not trust an interval from a handful of examples', () => {
    expect(row(linesOf({ test: { ...test, size: 8 } }), 'Held-out test')[3]).toBe(
      'With so few examples the interval itself is rough',
    );
  });

  it('says what its absence means', () => {
    expect(row(linesOf(), 'Held-out test')).toEqual([
      'not scored; the validation score chose the best candidate and so tends to flatter it',
    ]);
  });
});

describe('the cost', () => {
  const usage = { modelCalls: 1_336, inputTokens: 1_272_832, outputTokens: 40_320 };
  const reflectionUsage = { modelCalls: 8, inputTokens: 6_496, outputTokens: 960 };

  it('counts metric calls, and what is not among them', () => {
    expect(row(linesOf(), 'Metric calls')).toEqual(['100']);
    expect(
      row(linesOf({ test, totalMetricCalls: 1_300, metricCallsSaved: 120, retries: 3 }), 'Metric calls'),
    ).toEqual([
      '1,300, 200 of them on the held-out test, 120 saved by partial evaluation, 3 retries not counted',
    ]);
  });

  it('shows tokens and dollars with the share of reflection', () => {
    const lines = linesOf({
      usage: { ...usage, costUsd: 1.2345 },
      spend: spendOn({ ...reflectionUsage, costUsd: 0.402 }),
    });
    expect(row(lines, 'Model calls')).toEqual([
      '1,336, 1,272,832 input and 40,320 output tokens',
      'Reflection: 8, 6,496 input and 960 output tokens',
    ]);
    expect(row(lines, 'Cost')).toEqual(['$1.23, $0.40 (33%) of it for reflection']);
  });

  it('does not take an unknown cost for none', () => {
    expect(row(linesOf({ usage, spend: spendOn(reflectionUsage) }), 'Cost')).toEqual([
      'unknown, since no model has a known price: give them in `prices`',
    ]);
    expect(row(linesOf(), 'Model calls')).toEqual(['none were reported']);
    expect(row(linesOf(), 'Cost')).toEqual([]);
  });

  it('tells how the search went', () => {
    expect(row(linesOf(), 'Search')).toEqual(['2 candidates in 1 iteration; candidate 1 is the best']);
  });
});

it('lists every warning, wrapped and harmless', () => {
  const long = `The test score flatters the result. ${'word '.repeat(30)}end`;
  const lines = linesOf({ warnings: ['Odd\u001b[31m.', long] });
  const start = lines.indexOf('2 warnings');
  expect(lines[start + 1]).toBe('! Odd␛[31m.');
  expect(lines[start + 2]).toMatch(/^! The test score/);
  expect(lines[start + 3]).toMatch(/^ {2}word .*end$/);
});

it('ends with the changes', () => {
  expect(linesOf().slice(-4)).toEqual([
    'Changes from the seed to candidate 1',
    '',
    '── prompt ──',
    '~ Answer the question{+ in one word+}.',
  ]);
});

it('says the same in colors', () => {
  const everything = { ...result, test, warnings: ['Odd.'] };
  const plain = summarize(everything);
  const colored = summarize(everything, { color: true });
  expect(stripVTControlCharacters(plain)).toBe(plain);
  expect(colored).not.toBe(plain);
  const withoutMarks = plain.replace(/\{\+(.*?)\+\}/g, '$1');
  expect(stripVTControlCharacters(colored)).toBe(withoutMarks);
});
