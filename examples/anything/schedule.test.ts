import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { days, policies } from './arbitraries.ts';
import { heatingMinutes, type Order, ovens } from './bakery.ts';
import { parsePolicy, printRule } from './policy.ts';
import { schedule } from './schedule.ts';

describe('schedule, for any policy and day', () => {
  const always = (check: (bakings: ReturnType<typeof schedule>, orders: readonly Order[]) => void) =>
    fc.assert(fc.property(policies, days, (policy, day) => check(schedule(policy, day), day.orders)));

  it('schedule bakes every order exactly once, and not before it arrives', () => {
    always((bakings, orders) => {
      expect(bakings).toHaveLength(orders.length);
      expect(new Set(bakings.map(({ order }) => order))).toEqual(new Set(orders));
      for (const { order, start } of bakings) expect(start).toBeGreaterThanOrEqual(order.arrives);
    });
  });

  it('schedule gives each order an oven of its own, for its time and at its temperature', () => {
    always((bakings) => {
      for (const oven of ovens) {
        const own = bakings.filter((baking) => baking.oven === oven);
        own.forEach(({ order, start, heating, ready }, i) => {
          const before = own[i - 1];
          expect(start).toBeGreaterThanOrEqual(before?.ready ?? 0);
          expect(heating).toBe(before?.order.goods === order.goods ? 0 : heatingMinutes);
          expect(ready).toBe(start + heating + order.minutes);
        });
      }
    });
  });

  it('schedule leaves no oven idle while an order waits', () => {
    always((bakings) => {
      for (const { order, start } of bakings) {
        const busy = (at: number) => bakings.filter((other) => other.start <= at && at < other.ready).length;
        for (let at = order.arrives; at < start; at++) expect(busy(at)).toBe(ovens.length);
      }
    });
  });

  it('schedule is deterministic', () => {
    fc.assert(
      fc.property(policies, days, (policy, day) => {
        expect(schedule(policy, day)).toEqual(schedule(policy, structuredClone(day)));
      }),
    );
  });
});

describe('schedule chooses orders by the policy', () => {
  // Two long orders occupy the ovens, one hot for bread and one for cake, until 100 and 111.
  const busy: readonly Order[] = [
    { name: 'first', goods: 'bread', minutes: 80, arrives: 0, due: 500 },
    { name: 'second', goods: 'cake', minutes: 90, arrives: 1, due: 500 },
  ];
  const waiting: readonly Order[] = [
    { name: 'early bird', goods: 'cake', minutes: 50, arrives: 10, due: 300 },
    { name: 'lost', goods: 'pastry', minutes: 30, arrives: 20, due: 130 },
    { name: 'urgent', goods: 'pastry', minutes: 40, arrives: 30, due: 170 },
    { name: 'loaf', goods: 'bread', minutes: 45, arrives: 40, due: 250 },
    { name: 'quick', goods: 'cake', minutes: 20, arrives: 50, due: 320 },
    { name: 'slow', goods: 'cake', minutes: 70, arrives: 60, due: 400 },
  ];

  it.each([
    ['', 'early bird', 'lost'],
    ['take the longest waiting', 'early bird', 'lost'],
    ['take the earliest due', 'lost', 'urgent'],
    ['take the shortest', 'quick', 'lost'],
    ['take the longest', 'slow', 'early bird'],
    ['prefer orders due within 70min\ntake the shortest', 'lost', 'urgent'],
    ['avoid orders too late to save\ntake the earliest due', 'urgent', 'loaf'],
    ["prefer orders at the oven's temperature", 'loaf', 'early bird'],
    ["prefer orders at the oven's temperature and shorter than 30min", 'early bird', 'quick'],
    ['prefer orders waiting over 1h 20min\ntake the shortest', 'early bird', 'lost'],
    ['avoid orders shorter than 41min\navoid orders longer than 55min', 'early bird', 'loaf'],
    ['on oven 2, prefer orders of bread', 'early bird', 'loaf'],
    ['prefer orders of pastry\ntake the shortest', 'lost', 'urgent'],
    ['take the shortest\ntake the longest', 'quick', 'lost'],
    ['prefer orders due within 30min', 'lost', 'early bird'],
    ['prefer orders shorter than 20min', 'early bird', 'lost'],
    ['avoid orders longer than 50min\ntake the longest', 'early bird', 'loaf'],
    ['prefer orders due within 1min\ntake the longest', 'slow', 'early bird'],
  ])('schedule with the policy %j takes "%s", then "%s"', (text, third, fourth) => {
    const bakings = schedule(parsePolicy(text), { id: 'a day', orders: [...waiting, ...busy] });
    expect(bakings.slice(2, 4).map(({ order, oven }) => [order.name, oven])).toEqual([
      [third, 1],
      [fourth, 2],
    ]);
  });

  it('schedule reports the rule that decided, and the other waiting orders', () => {
    const text = 'prefer orders due within 5h\ntake the shortest\ntake the longest';
    const [, , third] = schedule(parsePolicy(text), { id: 'a day', orders: [...waiting, ...busy] });
    expect(third!.rule && printRule(third!.rule)).toBe('take the shortest');
    expect(third!.passedOver.map(({ name }) => name)).toEqual([
      'early bird',
      'lost',
      'urgent',
      'loaf',
      'slow',
    ]);
  });
});
