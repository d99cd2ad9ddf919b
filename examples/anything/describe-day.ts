import type { Execution } from 'gepa-core';
import { clock, closing, heatingMinutes, type Order } from './bakery.ts';
import { printRule } from './policy.ts';
import type { Baking } from './schedule.ts';

/** The results of a day. */
export interface Outcome {
  readonly orders: number;
  /** Orders that were ready when the customer came. */
  readonly onTime: number;
  readonly readyByClosing: number;
  /** Minutes the ovens spent on changing their temperature. */
  readonly heating: number;
}

/** One choice, as text. */
export interface Entry {
  /** The order, the rule that chose it, and when it was ready. */
  readonly what: string;
  /** What was wrong with the choice: the order that was late because of it. */
  readonly fault?: string;
}

/** Summarizes a day: the results, and for each choice the rule behind it and its fault. */
export function describeDay(bakings: readonly Baking[]): Execution<Outcome, readonly Entry[]> {
  const late = new Set(bakings.filter(({ order, ready }) => ready > order.due).map(({ order }) => order));
  return {
    output: {
      orders: bakings.length,
      onTime: bakings.length - late.size,
      readyByClosing: bakings.filter(({ ready }) => ready <= closing).length,
      heating: bakings.reduce((sum, { heating }) => sum + heating, 0),
    },
    trace: bakings.map((baking) => ({ what: describe(baking), fault: faultOf(baking, late) })),
  };
}

function describe({ order, oven, start, heating, ready, passedOver, rule }: Baking): string {
  const choice = rule === undefined ? 'order of arrival' : `"${printRule(rule)}"`;
  const chosen = passedOver.length === 0 ? '' : `, first of ${passedOver.length + 1} by ${choice}`;
  const heated = heating === 0 ? '' : `, after ${heating} min of heating`;
  const lateness = ready > order.due ? `, late by ${ready - order.due} min` : '';
  return (
    `${clock(start)} oven ${oven}: ${order.name} (${order.goods}, ${order.minutes} min)${chosen}${heated}; ` +
    `ready ${clock(ready)}, due ${clock(order.due)}${lateness}`
  );
}

/** A choice is at fault for orders that could still have been on time, had to wait for it, and were late. */
function faultOf(
  { order, start, heating, passedOver, tooLate }: Baking,
  late: ReadonlySet<Order>,
): string | undefined {
  const [victim, ...others] = passedOver
    .filter((other) => late.has(other) && start + heatingMinutes + other.minutes <= other.due)
    .sort((a, b) => a.due - b.due);
  if (victim === undefined) return undefined;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const went = `it went before ${victim.name}, due ${clock(victim.due)}${more}, which came late for it.`;
  if (tooLate) return `Though too late to save, ${went}`;
  if (order.due > victim.due) return `Though due later, ${went}`;
  return heating > 0 ? `Though the oven had to change its temperature, ${went}` : undefined;
}
