import { expect, it } from 'vitest';
import { normalizeMetricResult } from './metric.ts';

it.each([undefined, null])('normalizeMetricResult leaves out feedback that is %s', (feedback) => {
  expect(normalizeMetricResult({ score: true, feedback })).toEqual({ score: 1 });
});

it('feedback that is an object or a list becomes readable text', () => {
  const feedback = { missing: ['order number', 'date'], tone: 'too formal' };
  expect(
    normalizeMetricResult({ score: 0, feedback, componentFeedback: { a: { wanted: 1 }, b: null } }),
  ).toEqual({
    score: 0,
    feedback: 'missing:\n  - order number\n  - date\ntone: too formal',
    componentFeedback: { a: 'wanted: 1' },
  });
});
