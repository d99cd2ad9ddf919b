import { expect, it } from 'vitest';
import { autoBudget } from './auto-budget.ts';

it.each([
  ['light', 1330],
  ['medium', 1740],
  ['heavy', 2045],
] as const)('%s gives what dspy.GEPA gives for 2 components and 100 validation examples', (auto, calls) => {
  expect(autoBudget(auto, { components: 2, valset: 100 })).toBe(calls);
});
