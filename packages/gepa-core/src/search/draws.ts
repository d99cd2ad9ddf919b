import { Random } from './random.ts';

/** Gives the random numbers of a draw, by its purpose. */
export type Draws = (purpose: string) => Random;

/** One generator for all draws, in the order in which they are made, as in the Python reference. */
export function sharedDraws(seed: number): Draws {
  const random = new Random(seed);
  return () => random;
}

/**
 * A generator of its own for every draw, from the seed, the iteration and the purpose. A draw does not depend on how many
 * others came before it, so that two runs that differ in one decision still share the others.
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
