import fc from 'fast-check';
import { expect, it } from 'vitest';
import { delayMs } from './retry.ts';

const busy = (headers: Record<string, string> = {}) =>
  Object.assign(new Error('busy'), { status: 429, headers });

it('a wait is no shorter than the backoff and what the server asks, spread at random, and no longer than the cap', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 60_000 }),
      fc.option(fc.integer({ min: 0, max: 120_000 })),
      (attempt, minDelayMs, maxDelayMs, asked) => {
        const error = busy(asked === null ? {} : { 'retry-after-ms': String(asked) });
        const backoff = minDelayMs * 2 ** (attempt - 1);
        const least = Math.max(backoff, asked ?? 0);
        const waits = Array.from({ length: 20 }, () => delayMs(attempt, error, { minDelayMs, maxDelayMs }));
        const isCut = least >= maxDelayMs;
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(isCut ? 0.75 * maxDelayMs : least);
        expect(Math.max(...waits)).toBeLessThanOrEqual(Math.min(maxDelayMs, least + backoff));
        // Those who were told to come back at the same moment do not.
        if (backoff > 0 && maxDelayMs > 0) expect(new Set(waits).size).toBeGreaterThan(10);
      },
    ),
  );
});
