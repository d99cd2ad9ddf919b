import { Budget } from '../budget/budget.ts';
import { SpendReport } from '../budget/spend.ts';
import { Stopwatch } from '../budget/stopwatch.ts';
import type { CallEnvironment } from '../calls/call.ts';
import { Outage } from '../calls/outage.ts';
import { AttemptTimeouts } from '../calls/timeout.ts';
import { type Journal, settledCallOf } from '../journal/journal.ts';
import type { Settings } from '../options/settings.ts';
import { chargeEarlierSessions } from './charge-earlier-sessions.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Creates what all calls of a run share. Charges the budget with what earlier sessions spent. */
export function openCalls<Name extends string>(
  settings: Settings<Name>,
  { dispatch, note, warn }: Pick<Dispatcher<Name>, 'dispatch' | 'note' | 'warn'>,
  run: {
    readonly signal: AbortSignal;
    readonly journal: Journal | undefined;
    /** Metric calls kept for the testset, while `keepsTestset` says so. */
    readonly testsetCalls: number;
    readonly keepsTestset: () => boolean;
  },
): CallEnvironment {
  const { signal, journal, testsetCalls, keepsTestset } = run;
  const budget = new Budget({
    maxMetricCalls: settings.maxMetricCalls,
    maxCostUsd: settings.maxCostUsd,
    maxTokens: settings.maxTokens,
    reserve: settings.reserve,
    prices: settings.prices,
    testsetCalls,
    keepsTestset,
    note,
    onReserve: ({ number, max: { tokens, costUsd } }) =>
      journal?.mark({ type: 'reserved', reservation: number, tokens, costUsd }),
  });
  chargeEarlierSessions(budget, journal, note);
  const spend = new SpendReport();
  journal?.onReplay((entry) => {
    const { usage, judgeUsage, ...call } = settledCallOf(entry);
    spend.add({ ...call, usage: budget.price(usage), judgeUsage: budget.price(judgeUsage) });
  });
  const outage = new Outage();
  signal.addEventListener('abort', () => outage.stopWaiting(), { once: true });
  return {
    signal,
    budget,
    spend,
    stopwatch: new Stopwatch(journal?.earlierTime),
    outage,
    journal,
    retry: settings.retry,
    timeouts: new AttemptTimeouts(signal, settings.rolloutTimeoutMs),
    dispatch,
    warn,
  };
}
