import { expect, it } from 'vitest';
import { normalizeMetricResult } from './metric.ts';

it.each([undefined, null])('no feedback (%s) is not shown as words', (feedback) => {
  expect(normalizeMetricResult({ score: true, feedback })).toEqual({ score: 1 });
});
