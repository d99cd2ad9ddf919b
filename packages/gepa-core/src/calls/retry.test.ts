import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { afterFailure, delayMs, giveUpAfterMs, sleep } from './retry.ts';

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

afterEach(() => vi.useRealTimers());

it('a call with the default options gives up after about two minutes', () => {
  expect(giveUpAfterMs({})).toBe(121_000);
  expect(giveUpAfterMs({ retries: 1, minDelayMs: 0 })).toBe(60_000);
});

const state = { attempt: 1, error: busy(), unansweredMs: 0, hasAnswered: true };
const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });

it.each([
  ['a call with retries left waits', state, 'number'],
  ['a call without retries left is unavailable', { ...state, attempt: 9 }, 'unavailable'],
  [
    'a call that was not answered for two minutes is an outage',
    { ...state, unansweredMs: 121_000 },
    'outage',
  ],
  [
    'a server that asks for a longer wait than two minutes is an outage',
    { ...state, error: busy({ 'retry-after': '3600' }) },
    'outage',
  ],
  [
    'a host that was never reached is an outage after three retries',
    { ...state, attempt: 4, error: refused, hasAnswered: false },
    'outage',
  ],
  ['a host that was reached before is waited for', { ...state, attempt: 4, error: refused }, 'number'],
])('%s', (_, failed, expected) => {
  const next = afterFailure(failed, {});
  expect(typeof next === 'number' ? 'number' : next).toBe(expected);
});

it.each([2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY])('a wait of %d ms does not end at once', async (ms) => {
  vi.useFakeTimers();
  let hasEnded = false;
  void sleep(ms, new AbortController().signal).then(() => {
    hasEnded = true;
  });
  await vi.advanceTimersByTimeAsync(1_000_000);
  expect(hasEnded).toBe(false);
});
