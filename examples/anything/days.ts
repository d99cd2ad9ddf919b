import { Random } from 'gepa-core';
import { closing, type Day, type Goods, type Order } from './bakery.ts';

const menu: Readonly<Record<Goods, { names: readonly string[]; minutes: readonly [number, number] }>> = {
  bread: { names: ['rye loaves', 'baguettes', 'sourdough', 'burger buns'], minutes: [35, 60] },
  pastry: { names: ['croissants', 'cinnamon rolls', 'pretzels', 'brioches'], minutes: [15, 25] },
  cake: { names: ['apple cake', 'a cheesecake', 'a birthday cake', 'muffins'], minutes: [25, 45] },
};

const customers = [
  ...['the Grand Hotel', 'the Station Café', 'the school canteen', 'the hospital', 'the market stall'],
  ...['the town hall', 'the ferry kiosk', 'the campsite', 'the library café', 'the rowing club'],
  ...['the old inn', 'the fire brigade', 'the cinema', 'the corner shop', 'the kindergarten'],
  ...['the post office', 'the museum', 'the theatre', 'the burger van', 'the wedding party'],
];

/** A random morning, determined by its seed: orders arrive from 04:00 on, and not all of them can be on time. */
export function dayOf(seed: number): Day {
  const random = new Random(seed);
  const order = (customer: string): Order => {
    const goods = random.choice(['bread', 'bread', 'pastry', 'pastry', 'cake'] as const);
    const { names, minutes: range } = menu[goods];
    const minutes = random.randint(...range);
    const arrives = random.randint(4 * 60, 8 * 60);
    const due = Math.min(closing, arrives + minutes + random.randint(30, 200));
    return { name: `${random.choice(names)} for ${customer}`, goods, minutes, arrives, due };
  };
  return { id: `day ${seed}`, orders: random.sample(customers, 20).map(order) };
}

const days = (first: number, count: number) => Array.from({ length: count }, (_, i) => dayOf(first + i));

/** The three sets have no day in common. */
export const train = days(100, 16);
export const validation = days(200, 16);
export const test = days(300, 32);
