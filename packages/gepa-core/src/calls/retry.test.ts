import fc from 'fast-check';
import { expect, it } from 'vitest';
import { delayMs } from './retry.ts';

const busy = (headers: Record<string, string> = {}) =>
  Object.assign(new Error('busy'), { status: 429, headers });

it('a retry delay has jitter, covers the backoff and retry-after, and never exceeds maxDelayMs', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 60_000 }),
      fc.option(fc.integer({ min: 0, max: 120_000 })),
      (attempt, minDelayMs, maxDelayMs, asked) => {
        const error = busy(asked === null ? {} : { 'retry-after-ms': String(asked) });
        const backoff = minDelayMs * 2 ** (attempt - 1);
        const minimum = Math.max(backoff, asked ?? 0);
        const waits = Array.from({ length: 20 }, () => delayMs(attempt, error, { minDelayMs, maxDelayMs }));
        const isCapped = minimum >= maxDelayMs;
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(isCapped ? 0.75 * maxDelayMs : minimum);
        expect(Math.max(...waits)).toBeLessThanOrEqual(Math.min(maxDelayMs, minimum + backoff));
        // Calls that failed at the same moment are not retried at the same moment.
        if (backoff > 0 && maxDelayMs > 0) expect(new Set(waits).size).toBeGreaterThan(10);
      },
    ),
  );
});
