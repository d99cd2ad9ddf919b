/** The kinds of goods. Each requires a different oven temperature. */
export const goods = ['bread', 'pastry', 'cake'] as const;
export type Goods = (typeof goods)[number];

export const ovens = [1, 2] as const;
export type Oven = (typeof ovens)[number];

/** The time an oven takes to change its temperature, in minutes. */
export const heatingMinutes = 20;

/** The closing time. All times of day are in minutes after midnight. */
export const closing = 11 * 60;

/** A customer's order. */
export interface Order {
  readonly name: string;
  readonly goods: Goods;
  /** The baking time. */
  readonly minutes: number;
  /** The time at which the dough is ready for the oven. */
  readonly arrives: number;
  /** The time at which the customer collects it. */
  readonly due: number;
}

/** One morning at the bakery: an example of the data set. */
export interface Day {
  readonly id: string;
  readonly orders: readonly Order[];
}

/** Formats a time of day: 06:05. */
export function clock(minutes: number): string {
  const twoDigits = (n: number) => String(n).padStart(2, '0');
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}
