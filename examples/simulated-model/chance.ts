import { createHash } from 'node:crypto';

/** A number in [0, 1) that depends on the parts alone: the simulated model's only source of chance. */
export function chance(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32BE() / 2 ** 32;
}

/** One of the items. */
export function pick<T>(items: readonly [T, ...T[]], ...parts: readonly (string | number)[]): T {
  return items[Math.floor(chance(...parts) * items.length)] ?? items[0];
}
