import { expect, it } from 'vitest';
import { OptionsError } from '../errors.ts';
import { autoBudget } from './auto-budget.ts';

it.each([
  ['light', 2, 100, 1330],
  ['medium', 2, 100, 1740],
  ['heavy', 2, 100, 2045],
  // With one component the number of trials determines the budget.
  ['heavy', 1, 10, 1105],
] as const)(
  'the budget of auto %s equals that of dspy.GEPA for %i components and %i validation examples',
  (auto, components, valset, calls) => {
    expect(autoBudget(auto, { components, valset })).toBe(calls);
  },
);

it('autoBudget refuses an unknown preset', () => {
  expect(() => autoBudget('lite' as never, { components: 1, valset: 10 })).toThrow(OptionsError);
});
