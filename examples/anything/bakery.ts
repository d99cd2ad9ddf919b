/** What goes into the ovens. Each of them wants an oven temperature of its own. */
export const goods = ['bread', 'pastry', 'cake'] as const;
export type Goods = (typeof goods)[number];

export const ovens = [1, 2] as const;
export type Oven = (typeof ovens)[number];

/** How long an oven takes to come to another temperature, in minutes. */
export const heatingMinutes = 20;

/** When the bakery closes. All times of day are in minutes after midnight. */
export const closing = 11 * 60;

/** Something a customer wants baked. */
export interface Order {
  readonly name: string;
  readonly goods: Goods;
  /** How long it bakes. */
  readonly minutes: number;
  /** When the dough is ready to go in. */
  readonly arrives: number;
  /** When the customer comes for it. */
  readonly due: number;
}

/** One morning at the bakery. */
export interface Day {
  readonly id: string;
  readonly orders: readonly Order[];
}

/** A time of day as people write it: 06:05. */
export function clock(minutes: number): string {
  const twoDigits = (n: number) => String(n).padStart(2, '0');
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}
