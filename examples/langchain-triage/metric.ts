import type { Metric } from 'gepa-langchain';
import { rulesBehind } from './house-rules.ts';
import type { Labels, Ticket } from './labels.ts';

const weights: Readonly<Record<keyof Labels, number>> = {
  queue: 0.35,
  priority: 0.25,
  customer: 0.2,
  issue: 0.2,
};

/** The weighted share of right labels, from 0 to 1, with the house rules behind the wrong ones as feedback. */
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
    // Removes rounding errors of the sum: all right is exactly 1.
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
