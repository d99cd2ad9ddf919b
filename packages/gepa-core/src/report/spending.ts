import type { Usage } from '../budget/usage.ts';
import type { GepaEvent } from '../events.ts';
import { countOf, formatCompact, formatCount, formatDuration, formatUsd } from '../text/format.ts';

type RunStarted = Extract<GepaEvent, { type: 'run_started' }>;
type CallSettled = Extract<GepaEvent, { type: 'call_settled' }>;

/** The quantities that a run spends and that can have a limit. */
const units = ['metricCalls', 'costUsd', 'tokens', 'iterations', 'durationMs'] as const;
export type Unit = (typeof units)[number];
type Totals = Record<Unit, number>;
type Limits = Readonly<Record<Unit, number | undefined>>;

/** The use of a limit. */
export interface LimitUse {
  readonly unit: Unit;
  readonly spent: number;
  readonly limit: number;
  /** From 0 to 1. */
  readonly fraction: number;
}

/** With fewer rollouts the remaining time is not estimated. */
const MIN_ROLLOUTS_FOR_PACE = 5;

const nothing: Totals = { metricCalls: 0, costUsd: 0, tokens: 0, iterations: 0, durationMs: 0 };

/** The spend of a run against its limits, and its pace, built from its events. */
export class Spending {
  readonly #startedAt: number;
  readonly #spent = { ...nothing };
  /** The spend of this session, which determines the pace. */
  readonly #recent = { ...nothing };
  #limits: Partial<Limits> = {};
  #earlierMs = 0;
  #isResumed = false;
  #hasLiveCalls = false;
  #liveRollouts = 0;
  /** Metric calls of earlier sessions that have been replayed so far. */
  #replayedMetricCalls = 0;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  apply(event: GepaEvent): void {
    switch (event.type) {
      case 'run_started':
        this.#limits = limitsOf(event);
        this.#isResumed = event.earlierMs !== undefined;
        this.#earlierMs = event.earlierMs ?? 0;
        break;
      case 'call_settled':
        this.#setTotals(event);
        if (event.replayed) this.#replayedMetricCalls = event.metricCalls;
        else this.#addRecent(event);
        break;
      case 'iteration_finished':
        this.#spent.iterations = event.iteration;
        if (!this.#isResumed || this.#hasLiveCalls) this.#recent.iterations++;
        break;
      case 'run_finished':
        this.#setTotals({ metricCalls: event.metricCalls, total: event.usage });
        break;
      default:
        break;
    }
  }

  /** The duration of the run over all sessions. */
  elapsedMs(now: number): number {
    return this.#earlierMs + now - this.#startedAt;
  }

  get metricCalls(): number {
    return this.#spent.metricCalls;
  }

  get costUsd(): number {
    return this.#spent.costUsd;
  }

  /** The use of each limit, the most used first; on a tie in the order of the units. */
  limits(now: number): readonly LimitUse[] {
    return units
      .flatMap((unit) => {
        const limit = this.#limits[unit];
        if (limit === undefined) return [];
        const spent = unit === 'durationMs' ? this.elapsedMs(now) : this.#spent[unit];
        return [{ unit, spent, limit, fraction: Math.min(1, spent / limit) }];
      })
      .sort((a, b) => b.fraction - a.fraction);
  }

  /** The time until the first limit is reached at the pace of this session; `undefined` while it is unknown. */
  remainingMs(now: number): number | undefined {
    const times = this.limits(now).flatMap(({ unit, spent, limit }) => {
      if (unit === 'durationMs') return [Math.max(0, limit - spent)];
      if (this.#liveRollouts < MIN_ROLLOUTS_FOR_PACE || this.#recent[unit] <= 0) return [];
      return [((now - this.#startedAt) / this.#recent[unit]) * Math.max(0, limit - spent)];
    });
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #setTotals({ metricCalls, total }: { metricCalls: number; total: Usage }): void {
    this.#spent.metricCalls = metricCalls;
    this.#spent.tokens = tokensOf(total);
    this.#spent.costUsd = total.costUsd ?? this.#spent.costUsd;
  }

  #addRecent({ what, usage, metricCalls }: CallSettled): void {
    this.#hasLiveCalls = true;
    if (what === 'rollout') this.#liveRollouts++;
    // Failed rollouts and unused entries of the journal are not metric calls of this session.
    this.#recent.metricCalls = Math.min(this.#liveRollouts, metricCalls - this.#replayedMetricCalls);
    this.#recent.tokens += tokensOf(usage);
    this.#recent.costUsd += usage.costUsd ?? 0;
  }
}

const tokensOf = ({ inputTokens, outputTokens }: Usage): number => inputTokens + outputTokens;

function limitsOf(event: RunStarted): Limits {
  return {
    metricCalls: event.maxMetricCalls,
    costUsd: event.maxCostUsd,
    tokens: event.maxTokens,
    iterations: event.maxIterations,
    durationMs: event.maxDurationMs,
  };
}

const formats: Readonly<Record<Unit, (count: number) => string>> = {
  metricCalls: formatCount,
  costUsd: formatUsd,
  tokens: formatCompact,
  iterations: formatCount,
  durationMs: formatDuration,
};

const nouns: Readonly<Partial<Record<Unit, string>>> = {
  metricCalls: ' calls',
  tokens: ' tokens',
  iterations: ' iterations',
};

/** `20/100 calls`, `$0.42/$2.00`, `1.2M/5M tokens`, `3/40 iterations`, `22s/10m 00s` */
export function formatLimitUse({ unit, spent, limit }: LimitUse): string {
  const format = formats[unit];
  return `${format(spent)}/${format(limit)}${nouns[unit] ?? ''}`;
}

/** `100 metric calls, $2.00, 5M tokens, 40 iterations, 10m 00s` */
export function describeLimits(event: RunStarted): string {
  const limits = limitsOf(event);
  return units
    .flatMap((unit) => {
      const limit = limits[unit];
      if (limit === undefined) return [];
      if (unit === 'metricCalls') return [countOf(limit, 'metric call')];
      if (unit === 'iterations') return [countOf(limit, 'iteration')];
      return [`${formats[unit](limit)}${nouns[unit] ?? ''}`];
    })
    .join(', ');
}
