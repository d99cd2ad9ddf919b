import { createHash } from 'node:crypto';

/** A pseudo-random number in [0, 1), determined by the parts. */
export function chance(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32BE() / 2 ** 32;
}

/** A pseudo-random item, determined by the parts. */
export function pick<T>(items: readonly [T, ...T[]], ...parts: readonly (string | number)[]): T {
  return items[Math.floor(chance(...parts) * items.length)] ?? items[0];
}
