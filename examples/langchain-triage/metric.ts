import type { Metric } from 'gepa-core';
import { rulesBehind } from './house-rules.ts';
import type { Labels, Ticket } from './labels.ts';

const weights: Readonly<Record<keyof Labels, number>> = {
  queue: 0.35,
  priority: 0.25,
  customer: 0.2,
  issue: 0.2,
};

/**
 * How much of the triage is right, from 0 to 1, and what a member of the support team would say about the rest.
 */
export const triageMetric: Metric<Ticket, Partial<Labels>> = ({ example, output }) => {
  const { expected } = example;
  const fields = Object.keys(weights) as (keyof Labels)[];
  const wrong = fields.filter((field) => output?.[field] !== expected[field]);
  const score = fields.reduce((sum, field) => (wrong.includes(field) ? sum : sum + weights[field]), 0);
  const remarks = wrong.map(
    (field) => `Expected ${field} ${expected[field]}, got ${shown(output?.[field])}.`,
  );
  const rules = new Set(wrong.flatMap((field) => rulesBehind(example.input.ticket, expected, field)));
  return {
    // Free of the rounding of sums: all right is exactly 1.
    score: Math.round(score * 100) / 100,
    feedback:
      wrong.length === 0
        ? 'All right.'
        : [...remarks, ...[...rules].map((rule) => `House rule: ${rule}`)].join('\n'),
  };
};

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
}
