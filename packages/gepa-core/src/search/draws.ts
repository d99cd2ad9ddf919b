import { Random } from '../statistics/random.ts';

/** Returns the random generator for a draw with a purpose, such as `'parent'`. */
export type Draws = (purpose: string) => Random;

/** One generator for all draws, in the order in which they are made, as in the Python reference. */
export function sharedDraws(seed: number): Draws {
  const random = new Random(seed);
  return () => random;
}

/**
 * One generator for each draw, seeded by the random seed, the iteration and the purpose. A draw does not depend on the
 * number of draws before it, so that two runs that differ in one decision still share the others.
 */
export function keyedDraws(seed: number, iteration: () => number): Draws {
  const counts = new Map<string, number>();
  let countedIn = -1;
  return (purpose) => {
    if (countedIn !== iteration()) {
      counts.clear();
      countedIn = iteration();
    }
    const count = counts.get(purpose) ?? 0;
    counts.set(purpose, count + 1);
    return new Random(hash(`${seed} ${countedIn} ${purpose} ${count}`));
  };
}

/** FNV-1a over 32 bits, mixed so that similar texts give unrelated numbers. */
export function hash(text: string): number {
  let bits = 2_166_136_261;
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 16_777_619);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
