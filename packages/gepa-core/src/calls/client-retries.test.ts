import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ClientRetries } from './client-retries.ts';
import { FailingStep } from './failing-step.ts';
import { Outage } from './outage.ts';
import { giveUpAfterMs } from './retry.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const busy = (headers = {}) => Object.assign(new Error('busy'), { status: 503, headers });
const unreached = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
const deadlineMs = giveUpAfterMs({});

function attempt({ hasAnswered = false, answeredAfterMs = -1 } = {}) {
  const shown: unknown[] = [];
  const givenUp: unknown[] = [];
  const outage = new Outage();
  if (hasAnswered) outage.noteAnswer('The program');
  if (answeredAfterMs >= 0) setTimeout(() => outage.noteAnswer('The program'), answeredAfterMs);
  const retries = new ClientRetries({}, new FailingStep('The program', outage, {}), {
    retried: (error) => shown.push(error),
    gaveUp: (error) => givenUp.push(error),
  });
  return { retries, shown, givenUp };
}

it('a client that waits for its next attempt is aborted at the deadline, but not while an attempt is in progress', () => {
  const { retries, shown, givenUp } = attempt();
  const again = retries.failed(busy());
  vi.advanceTimersByTime(1_000);
  again();
  expect(shown).toHaveLength(1);
  vi.advanceTimersByTime(10 * deadlineMs);
  expect(givenUp).toEqual([]);
  retries.failed(busy());
  vi.advanceTimersByTime(500);
  expect(givenUp).toHaveLength(1);
});

it('an answer starts the time again, and so do the answers of other calls', () => {
  const { retries, givenUp } = attempt({ answeredAfterMs: 60_000 });
  retries.failed(busy());
  vi.advanceTimersByTime(deadlineMs + 59_000);
  expect(givenUp).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(givenUp).toHaveLength(1);

  const other = attempt();
  other.retries.failed(busy());
  vi.advanceTimersByTime(100_000);
  other.retries.answered(5);
  other.retries.failed(busy());
  vi.advanceTimersByTime(100_000);
  expect(other.givenUp).toEqual([]);
});

it('a response that was reported as no answer is none', () => {
  const { retries, givenUp } = attempt();
  retries.failed(busy());
  retries.answered(0);
  vi.advanceTimersByTime(deadlineMs);
  expect(givenUp).toHaveLength(1);
});

it.each([
  ['a host that was never reached', unreached, false, 1],
  ['a host that was reached before', unreached, true, 0],
  ['a provider that asks for a longer wait than remains', busy({ 'retry-after': '3600' }), true, 1],
  ['a provider that asks for a short wait', busy({ 'retry-after': '5' }), true, 0],
])(
  'a client that waits for %s is aborted at once, unless its next attempt may succeed in time',
  (_, error, hasAnswered, count) => {
    const { retries, givenUp } = attempt({ hasAnswered });
    retries.failed(error);
    vi.advanceTimersByTime(500);
    expect(givenUp).toHaveLength(count);
  },
);

it.each([
  ['gave up itself', (retries: ClientRetries) => retries.ended()],
  ['belongs to an attempt that is over', (retries: ClientRetries) => retries.close()],
])('a client that %s is not given up', (_, end) => {
  const { retries, shown, givenUp } = attempt();
  const again = retries.failed(unreached);
  end(retries);
  again();
  vi.advanceTimersByTime(10 * deadlineMs);
  expect([shown, givenUp]).toEqual([[], []]);
});

it('a failure of the program is no try of a client', () => {
  const { retries, shown, givenUp } = attempt();
  retries.failed(Object.assign(new Error('Invalid temperature'), { status: 400 }))();
  vi.advanceTimersByTime(10 * deadlineMs);
  expect([shown, givenUp]).toEqual([[], []]);
});
