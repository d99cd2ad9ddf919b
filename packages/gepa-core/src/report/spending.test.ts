import { describe, expect, it } from 'vitest';
import { addUsage, noUsage } from '../budget/usage.ts';
import type { GepaEvent } from '../events.ts';
import { callSettled, rollouts, runFinished, runStarted } from './fixtures/sample-run.ts';
import { describeLimits, formatLimitUse, Spending } from './spending.ts';

const spendingAfter = (...events: readonly GepaEvent[]) => {
  const spending = new Spending(1_000);
  for (const event of events) spending.apply(event);
  return spending;
};
const usage = { modelCalls: 1, inputTokens: 900, outputTokens: 100, costUsd: 0.01 };
/** Rollouts that take `usage` each. */
const paid = (count: number, replayed = false) =>
  Array.from({ length: count }, () => callSettled({ usage, replayed }));
const reflection = callSettled({ what: 'reflection', phase: 'reflection', usage });
/** The events with the metric calls and the usage of the run so far. */
const withTotals = (events: readonly GepaEvent[]): GepaEvent[] => {
  let [metricCalls, total] = [0, noUsage];
  return events.map((event) => {
    if (event.type !== 'call_settled') return event;
    if (event.what === 'rollout') metricCalls++;
    total = addUsage(total, event.usage);
    return { ...event, metricCalls, total };
  });
};
const iterationFinished = (iteration: number): GepaEvent => ({
  type: 'iteration_finished',
  iteration,
  metricCalls: 0,
});

describe('Spending.remainingMs', () => {
  it('the remaining time is unknown during the first rollouts, then follows from the pace', () => {
    expect(spendingAfter(runStarted(), ...rollouts(1, 4)).remainingMs(5_000)).toBeUndefined();
    expect(spendingAfter(runStarted(), ...rollouts(1, 10)).remainingMs(11_000)).toBe(90_000);
  });

  it('the remaining time is unknown without a limit', () => {
    expect(
      spendingAfter(runStarted({ maxMetricCalls: undefined }), ...rollouts(1, 50)).remainingMs(9_000),
    ).toBeUndefined();
  });

  it('the remaining time is that of the limit that is reached first', () => {
    const left = (limits: Parameters<typeof runStarted>[0]) =>
      spendingAfter(
        runStarted(limits),
        ...withTotals([...paid(9), reflection]),
        iterationFinished(1),
        iterationFinished(2),
      ).remainingMs(11_000);
    const maxMetricCalls = 900;
    expect(left({ maxMetricCalls, maxCostUsd: 0.2 })).toBeCloseTo(10_000, 6);
    expect(left({ maxMetricCalls, maxTokens: 30_000 })).toBeCloseTo(20_000, 6);
    expect(left({ maxMetricCalls, maxIterations: 8 })).toBeCloseTo(30_000, 6);
    expect(left({ maxMetricCalls, maxDurationMs: 12_000 })).toBe(2_000);
  });

  it('the spend of earlier sessions does not count towards the pace', () => {
    const resumed = spendingAfter(
      runStarted(),
      callSettled({ metricCalls: 50, replayed: true }),
      ...rollouts(51, 10),
    );
    expect(resumed.remainingMs(11_000)).toBe(40_000);
    const replayed = [...paid(20, true), { ...reflection, replayed: true }];
    const events = withTotals([...replayed, iterationFinished(4), ...paid(10)]);
    const base = { maxMetricCalls: undefined, earlierMs: 60_000 };
    expect(
      spendingAfter(runStarted({ ...base, maxCostUsd: 0.41 }), ...events).remainingMs(11_000),
    ).toBeCloseTo(10_000, 6);
    expect(spendingAfter(runStarted({ ...base, maxDurationMs: 80_000 }), ...events).remainingMs(11_000)).toBe(
      10_000,
    );
    // No iteration of this session is finished yet.
    expect(
      spendingAfter(runStarted({ ...base, maxIterations: 9 }), ...events).remainingMs(11_000),
    ).toBeUndefined();
  });
});

describe('Spending.limits', () => {
  it('the use of limits includes failed calls, which do not count as metric calls of the pace', () => {
    const failed = callSettled({ usage, metricCalls: 10, total: { ...usage, inputTokens: 19_900 } });
    const spending = spendingAfter(
      runStarted({ maxTokens: 40_000 }),
      ...withTotals(paid(10)),
      ...Array.from({ length: 10 }, () => failed),
    );
    expect(spending.limits(2_000)).toMatchObject([
      { unit: 'tokens', spent: 20_000 },
      { unit: 'metricCalls', spent: 10 },
    ]);
    expect(spendingAfter(runStarted(), ...rollouts(1, 10), failed).remainingMs(11_000)).toBe(90_000);
  });

  it('unused entries of an earlier session count as spent and not towards the pace', () => {
    const events = [callSettled({ metricCalls: 20, replayed: true }), ...rollouts(41, 10)];
    const spending = spendingAfter(runStarted({ earlierMs: 1 }), ...events);
    expect(spending.metricCalls).toBe(50);
    expect(spending.remainingMs(11_000)).toBe(50_000);
  });

  it('the use of limits and the elapsed time include all sessions', () => {
    const spending = spendingAfter(
      runStarted({ maxCostUsd: 1, maxTokens: 62_000, earlierMs: 5_000 }),
      ...withTotals([...paid(20, true), reflection, ...paid(10)]),
    );
    expect(spending.limits(2_000)).toEqual([
      { unit: 'tokens', spent: 31_000, limit: 62_000, fraction: 0.5 },
      { unit: 'costUsd', spent: expect.closeTo(0.31, 9), limit: 1, fraction: expect.closeTo(0.31, 9) },
      { unit: 'metricCalls', spent: 30, limit: 100, fraction: 0.3 },
    ]);
    expect(spending.elapsedMs(2_000)).toBe(6_000);
  });

  it('run_finished replaces the cost of the last settled call if it has one', () => {
    const spending = spendingAfter(
      runStarted(),
      ...withTotals(paid(3)),
      runFinished({ usage: { ...usage, costUsd: 5 } }),
    );
    expect(spending.costUsd).toBe(5);
    expect(spendingAfter(...withTotals(paid(3)), runFinished({ usage: noUsage })).costUsd).toBeCloseTo(
      0.03,
      9,
    );
  });
});

it('formatLimitUse and describeLimits write each limit in its unit', () => {
  const format = (unit: Parameters<typeof formatLimitUse>[0]['unit'], spent: number, limit: number) =>
    formatLimitUse({ unit, spent, limit, fraction: 0 });
  expect([
    format('metricCalls', 1_020, 2_000),
    format('costUsd', 0.423, 2),
    format('tokens', 1_234_567, 5_000_000),
    format('iterations', 3, 40),
    format('durationMs', 22_000, 600_000),
  ]).toEqual(['1,020/2,000 calls', '$0.42/$2.00', '1.23M/5M tokens', '3/40 iterations', '22s/10m 00s']);
  expect(describeLimits(runStarted({ maxTokens: 250_000, maxIterations: 1 }))).toBe(
    '100 metric calls, 250K tokens, 1 iteration',
  );
});
