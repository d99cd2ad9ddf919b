import fc from 'fast-check';
import type { MetricScore } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import { days, policies } from './arbitraries.ts';
import { closing, type Day, type Order } from './bakery.ts';
import { describeDay } from './describe-day.ts';
import { bakeryMetric } from './metric.ts';
import { parsePolicy } from './policy.ts';
import { schedule } from './schedule.ts';

function measured(policy: string, day: Day): MetricScore {
  const { output, trace } = describeDay(schedule(parsePolicy(policy), day));
  const signal = new AbortController().signal;
  return bakeryMetric({ example: day, output, trace, signal }) as MetricScore;
}

const at = (time: number, order: Pick<Order, 'name' | 'goods' | 'minutes'>, due: number): Order => ({
  ...order,
  arrives: time,
  due,
});
const pie = { name: 'a pie', goods: 'cake', minutes: 60 } as const;
const rolls = { name: 'rolls', goods: 'pastry', minutes: 20 } as const;

/** Both ovens are busy until 05:40, one of them all day; the other orders arrive before that. */
const dayWith = (...orders: Order[]): Day => ({
  id: 'a day',
  orders: [
    at(240, { name: 'rye', goods: 'bread', minutes: 80 }, 600),
    at(241, { name: 'wheat', goods: 'bread', minutes: 300 }, 600),
    ...orders,
  ],
});

describe('bakeryMetric', () => {
  it('bakeryMetric scores 1 when every order is on time', () => {
    const day = dayWith(at(250, rolls, 400));
    expect(measured('', day)).toMatchObject({ score: 1, objectives: { punctuality: 1, throughput: 1 } });
    expect(measured('', day).feedback).not.toContain('hough');
  });

  it('the feedback of bakeryMetric names the choice that made an order late, and its rule', () => {
    const day = dayWith(at(250, pie, 600), at(260, rolls, 400));
    const { score, objectives, feedback } = measured('take the longest', day);
    expect([score, objectives]).toEqual([7 / 8, { punctuality: 3 / 4, throughput: 1 }]);
    expect(feedback).toBe(
      '3 of 4 orders were on time, and 4 ready by closing at 11:00.\n' +
        'The ovens spent 80 min on changing temperature.\n' +
        '05:40 oven 1: a pie (cake, 60 min), first of 2 by "take the longest", after 20 min of heating; ready 07:00, ' +
        'due 10:00. Though due later, it went before rolls, due 06:40, which came late for it.',
    );
    expect(measured('take the earliest due', day).score).toBe(1);
  });

  it('the feedback of bakeryMetric distinguishes a hopeless order from a change of temperature', () => {
    const lost = dayWith(at(250, pie, 400), at(260, rolls, 410));
    expect(measured('', lost).feedback).toContain(
      'Though too late to save, it went before rolls, due 06:50,',
    );
    const heated = dayWith(at(250, pie, 420), at(260, { ...rolls, goods: 'bread' }, 425));
    expect(measured('', heated).feedback).toContain('Though the oven had to change its temperature, it went');
  });

  it('the feedback of bakeryMetric names no choice for an order that could not be on time', () => {
    const day = dayWith(at(250, pie, 600), at(260, rolls, 300));
    const { objectives, feedback } = measured('', day);
    expect(objectives).toMatchObject({ punctuality: 3 / 4 });
    expect(feedback).not.toContain('hough');
  });

  it('bakeryMetric counts the orders that are not ready by closing', () => {
    const inTime = dayWith(at(closing - 80, pie, closing));
    expect(measured('', inTime)).toMatchObject({ objectives: { throughput: 1 } });
    const day = dayWith(at(closing - 79, pie, closing + 100));
    expect(measured('', day)).toMatchObject({ objectives: { punctuality: 1, throughput: 2 / 3 } });
  });

  it('a day without late orders has no faults, whatever the policy', () => {
    fc.assert(
      fc.property(policies, days, (policy, day) => {
        const { output, trace = [] } = describeDay(schedule(policy, day));
        expect(output.onTime).toBeLessThanOrEqual(output.orders);
        expect(trace).toHaveLength(day.orders.length);
        const faults = trace.filter(({ fault }) => fault !== undefined);
        expect(faults.length).toBeLessThanOrEqual(output.onTime === output.orders ? 0 : trace.length - 1);
      }),
    );
  });
});
