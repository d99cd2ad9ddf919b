import { expect, it } from 'vitest';
import { normalizeMetricResult } from './metric.ts';

it.each([undefined, null])('normalizeMetricResult leaves out feedback that is %s', (feedback) => {
  expect(normalizeMetricResult({ score: true, feedback })).toEqual({ score: 1 });
});
