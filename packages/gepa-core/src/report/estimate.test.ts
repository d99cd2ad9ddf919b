import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import type { RunEstimate } from '../estimate/estimate.ts';
import { describeEstimate } from './estimate.ts';

const estimate: RunEstimate = {
  metricCalls: { expected: 458, worst: 500 },
  iterations: { expected: 18, worst: Number.POSITIVE_INFINITY },
  reflections: { expected: 18, worst: 300 },
  tokens: { expected: 458_000, worst: 2_504_000 },
  costUsd: { expected: 0.362, worst: 2 },
  durationMs: { expected: 214_000, worst: 3_067_000 },
  endsBy: 'maxMetricCalls',
  measured: { usage: undefined, durationMs: 1_400, score: 0.5 },
  warnings: [],
  assumptions: ['A third of the proposals is accepted.', `Every rollout ${'is like the others '.repeat(6)}.`],
};

it('describeEstimate writes a table and the assumptions', () => {
  expect(describeEstimate(estimate).split('\n')).toEqual([
    'Expected to end by maxMetricCalls; measured on one training example in 1s',
    '              expected  at worst',
    'Metric calls       458       500',
    'Iterations          18         –',
    'Reflections         18       300',
    'Tokens            458K      2.5M',
    'Cost             $0.36     $2.00',
    'Time            3m 34s   51m 07s',
    '–: not bounded, or not known',
    '',
    'Assumptions',
    '- A third of the proposals is accepted.',
    '- Every rollout is like the others is like the others is like the others is like the others is like',
    '  the others is like the others .',
  ]);
});

it('describeEstimate shows a dash for unknown values, and warnings without control characters', () => {
  const nothing = { expected: undefined, worst: Number.POSITIVE_INFINITY };
  const { measured, ...unmeasured } = estimate;
  expect(measured).toBeDefined();
  const text = describeEstimate({
    ...unmeasured,
    costUsd: nothing,
    endsBy: undefined,
    warnings: ['Nothing is left for \u001b[31man iteration.'],
  });
  expect(text).toMatch(/^No limit is known to end the run\n/);
  expect(text).toMatch(/^Cost +– +–$/m);
  expect(text).toContain('\n\n! Nothing is left for ␛[31man iteration.\n\n');
});

it('describeEstimate with color writes the same text', () => {
  const colored = describeEstimate({ ...estimate, warnings: ['Odd.'] }, { color: true });
  expect(colored).toContain('\u001b[');
  expect(stripVTControlCharacters(colored)).toBe(describeEstimate({ ...estimate, warnings: ['Odd.'] }));
});

it('the lines of describeEstimate fit a terminal of 60 columns', () => {
  const lines = describeEstimate({ ...estimate, warnings: ['Words '.repeat(30)] }, { width: 60 }).split('\n');
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
});
