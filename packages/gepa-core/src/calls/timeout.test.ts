import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AttemptTimeouts } from './timeout.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('no timer is left when all attempts have ended, so that the process can end', () => {
  const timeouts = new AttemptTimeouts(new AbortController().signal, 1_000);
  const [first, second] = [timeouts.start('first'), timeouts.start('second')];
  timeouts.stop(first);
  expect(vi.getTimerCount()).toBe(1);
  timeouts.stop(second);
  expect(vi.getTimerCount()).toBe(0);
});

it('an attempt that starts after all others have ended has the whole time', () => {
  const timeouts = new AttemptTimeouts(new AbortController().signal, 1_000);
  timeouts.stop(timeouts.start('first'));
  vi.advanceTimersByTime(900);
  const { signal } = timeouts.start('second');
  vi.advanceTimersByTime(900);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(200);
  expect(signal.aborted).toBe(true);
});
