import { type Day, heatingMinutes, type Order, type Oven, ovens } from './bakery.ts';
import type { Condition, Policy, Rule } from './policy.ts';

/** An order in an oven, and why it was chosen. */
export interface Baking {
  readonly order: Order;
  readonly oven: Oven;
  /** The time at which the oven was assigned; heating, if needed, comes first. */
  readonly start: number;
  /** Minutes of heating to the order's temperature. */
  readonly heating: number;
  readonly ready: number;
  /** The other orders that were waiting. */
  readonly passedOver: readonly Order[];
  /** The rule that decided; `undefined`: order of arrival. */
  readonly rule: Rule | undefined;
  /** Whether the order could no longer be ready in time when it was chosen. */
  readonly tooLate: boolean;
}

/** A moment at which an oven is free. */
interface Moment {
  readonly now: number;
  readonly oven: Oven;
  readonly heatingFor: (order: Order) => number;
}

/** Runs a day by a policy. No oven is idle while an order waits, so every order is baked. */
export function schedule(policy: Policy, day: Day): Baking[] {
  const bakings: Baking[] = [];
  let open = [...day.orders].sort((a, b) => a.arrives - b.arrives);
  while (open.length > 0) {
    const last = (oven: Oven) => bakings.findLast((baking) => baking.oven === oven);
    const freeAt = (oven: Oven) => last(oven)?.ready ?? 0;
    const now = Math.max(open[0]!.arrives, Math.min(...ovens.map(freeAt)));
    const oven = ovens.find((each) => freeAt(each) <= now)!;
    const heatingFor = (order: Order) => (last(oven)?.order.goods === order.goods ? 0 : heatingMinutes);

    const moment = { now, oven, heatingFor };
    const waiting = open.filter(({ arrives }) => arrives <= now);
    const { order, rule } = choose(policy, waiting, moment);
    const heating = heatingFor(order);
    bakings.push({
      order,
      oven,
      start: now,
      heating,
      ready: now + heating + order.minutes,
      passedOver: waiting.filter((other) => other !== order),
      rule,
      tooLate: isTooLate(order, moment),
    });
    open = open.filter((other) => other !== order);
  }
  return bakings;
}

/** The order that the policy chooses, and the last rule that narrowed the choice. */
function choose(policy: Policy, waiting: readonly Order[], moment: Moment) {
  let [kept, decisive]: [readonly Order[], Rule | undefined] = [waiting, undefined];
  for (const rule of policy) {
    if (rule.oven !== undefined && rule.oven !== moment.oven) continue;
    const matching = matchingOrders(rule, kept, moment);
    if (matching.length > 0 && matching.length < kept.length) [kept, decisive] = [matching, rule];
  }
  return { order: kept[0]!, rule: decisive };
}

function matchingOrders(rule: Rule, orders: readonly Order[], moment: Moment): readonly Order[] {
  if (rule.does !== 'take the') {
    const meets = (order: Order) => rule.conditions.every((condition) => isMet(condition, order, moment));
    return orders.filter((order) => meets(order) === (rule.does === 'prefer'));
  }
  const rank = {
    'earliest due': ({ due }: Order) => due,
    shortest: ({ minutes }: Order) => minutes,
    longest: ({ minutes }: Order) => -minutes,
    'longest waiting': ({ arrives }: Order) => arrives,
  }[rule.which];
  const best = Math.min(...orders.map(rank));
  return orders.filter((order) => rank(order) === best);
}

function isMet(condition: Condition, order: Order, moment: Moment): boolean {
  switch (condition.is) {
    case 'due within':
      return order.due - moment.now <= condition.minutes;
    case 'waiting over':
      return moment.now - order.arrives > condition.minutes;
    case 'shorter than':
      return order.minutes < condition.minutes;
    case 'longer than':
      return order.minutes > condition.minutes;
    case 'of':
      return order.goods === condition.goods;
    case "at the oven's temperature":
      return moment.heatingFor(order) === 0;
    case 'too late to save':
      return isTooLate(order, moment);
  }
}

function isTooLate(order: Order, { now, heatingFor }: Moment): boolean {
  return now + heatingFor(order) + order.minutes > order.due;
}
