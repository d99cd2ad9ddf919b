import type { MetricScore } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import type { Labels, Ticket } from './labels.ts';
import { triageMetric } from './metric.ts';

const example: Ticket = {
  id: 'one',
  input: { ticket: 'The whole campus asks for a refund.' },
  expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
};

const measured = (output: Partial<Labels>) =>
  triageMetric({ example, output, trace: undefined, signal: new AbortController().signal }) as MetricScore;

describe('triageMetric', () => {
  it('triageMetric scores exactly 1 when all labels are right', () => {
    expect(measured(example.expected)).toEqual({ score: 1, feedback: 'All right.' });
  });

  it('triageMetric gives partial credit and names the rules behind the wrong labels', () => {
    const { score, feedback } = measured({ ...example.expected, queue: 'billing' });
    expect(score).toBe(0.65);
    expect(feedback).toContain('Expected queue grants, got billing.');
    expect(feedback).toMatch(/House rule: If the customer is education .*refund/);
    expect(feedback).not.toContain('semester');
  });

  it('triageMetric scores an answer of the wrong shape as wrong', () => {
    for (const output of [{}, [], 'billing', null, { queue: { name: 'grants' } }]) {
      expect(measured(output as Partial<Labels>).score).toBe(0);
    }
    expect(measured({}).feedback).toContain('Expected priority low, got nothing.');
  });
});
