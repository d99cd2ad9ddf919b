import fc from 'fast-check';
import { type Day, goods, type Order, ovens } from './bakery.ts';
import type { Condition, Policy, Rule } from './policy.ts';

/** Random policies and days for property tests. */
const minutes = fc.nat(300);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    is: fc.constantFrom('due within', 'waiting over', 'shorter than', 'longer than'),
    minutes,
  }),
  fc.record({ is: fc.constant('of'), goods: fc.constantFrom(...goods) }),
  fc.record({ is: fc.constantFrom("at the oven's temperature", 'too late to save') }),
);

const oven = fc.constantFrom(...ovens);
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.record(
    {
      oven,
      does: fc.constantFrom('prefer', 'avoid'),
      conditions: fc.array(condition, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['does', 'conditions'] },
  ),
  fc.record(
    {
      oven,
      does: fc.constant('take the'),
      which: fc.constantFrom('earliest due', 'shortest', 'longest', 'longest waiting'),
    },
    { requiredKeys: ['does', 'which'] },
  ),
);

export const policies: fc.Arbitrary<Policy> = fc.array(rule, { maxLength: 6 });

const order: fc.Arbitrary<Order> = fc.record({
  name: fc.string(),
  goods: fc.constantFrom(...goods),
  minutes: fc.integer({ min: 1, max: 90 }),
  arrives: minutes,
  due: fc.nat(600),
});

export const days: fc.Arbitrary<Day> = fc.record({
  id: fc.string(),
  orders: fc.array(order, { minLength: 1, maxLength: 15 }),
});
