import type { Usage } from '../budget/usage.ts';
import type { GepaEvent } from '../events.ts';
import { countOf, formatCompact, formatCount, formatDuration, formatUsd } from './format.ts';

type RunStarted = Extract<GepaEvent, { type: 'run_started' }>;

/** The quantities that a run spends and that can have a limit. */
const units = ['metricCalls', 'costUsd', 'tokens', 'iterations', 'durationMs'] as const;
export type Unit = (typeof units)[number];
type Totals = Record<Unit, number>;

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
  readonly #spent: Totals = { ...nothing };
  /** The spend of earlier sessions, which does not count towards the pace of this one. */
  readonly #earlier: Totals = { ...nothing };
  #limits: Partial<Totals> = {};
  /** Rollouts of this session, without replayed ones. */
  #rollouts = 0;
  #isResumed = false;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  apply(event: GepaEvent): void {
    if ('metricCalls' in event) this.#count('metricCalls', event.metricCalls);
    switch (event.type) {
      case 'run_started':
        this.#limits = limitsOf(event);
        this.#isResumed = event.earlierMs !== undefined;
        this.#earlier.durationMs = event.earlierMs ?? 0;
        break;
      case 'rollout_finished':
        this.#charge(event.usage, event.replayed);
        if (!event.replayed) this.#rollouts++;
        break;
      case 'reflection_finished':
        this.#charge(event.usage, this.#isReplaying);
        break;
      case 'iteration_finished':
        this.#count('iterations', event.iteration);
        if (this.#isReplaying) this.#earlier.iterations = event.iteration;
        break;
      case 'run_finished':
        this.#spent.tokens = tokensOf(event.usage);
        this.#spent.costUsd = event.usage.costUsd ?? this.#spent.costUsd;
        break;
      default:
        break;
    }
  }

  /** The duration of the run over all sessions. */
  elapsedMs(now: number): number {
    return this.#earlier.durationMs + now - this.#startedAt;
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
      const recent = unit === 'metricCalls' ? this.#rollouts : spent - this.#earlier[unit];
      if (this.#rollouts < MIN_ROLLOUTS_FOR_PACE || recent <= 0) return [];
      return [((now - this.#startedAt) / recent) * Math.max(0, limit - spent)];
    });
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether a resumed run is still replaying earlier sessions: it has made no rollout of its own. */
  get #isReplaying(): boolean {
    return this.#isResumed && this.#rollouts === 0;
  }

  #count(unit: Unit, total: number): void {
    this.#spent[unit] = Math.max(this.#spent[unit], total);
  }

  #charge(usage: Usage, isEarlier: boolean): void {
    for (const totals of isEarlier ? [this.#spent, this.#earlier] : [this.#spent]) {
      totals.tokens += tokensOf(usage);
      totals.costUsd += usage.costUsd ?? 0;
    }
  }
}

const tokensOf = ({ inputTokens, outputTokens }: Usage): number => inputTokens + outputTokens;

function limitsOf(event: RunStarted): Partial<Totals> {
  const { maxMetricCalls, maxCostUsd, maxTokens, maxIterations, maxDurationMs } = event;
  return Object.fromEntries(
    Object.entries({
      metricCalls: maxMetricCalls,
      costUsd: maxCostUsd,
      tokens: maxTokens,
      iterations: maxIterations,
      durationMs: maxDurationMs,
    } satisfies Record<Unit, number | undefined>).filter(([, limit]) => limit !== undefined),
  ) as Partial<Totals>;
}

/** `20/100 calls`, `$0.42/$2.00`, `1.2M/5M tokens`, `3/40 iterations`, `22s/10m 00s` */
export function formatLimitUse({ unit, spent, limit }: LimitUse): string {
  switch (unit) {
    case 'metricCalls':
      return `${formatCount(spent)}/${formatCount(limit)} calls`;
    case 'costUsd':
      return `${formatUsd(spent)}/${formatUsd(limit)}`;
    case 'tokens':
      return `${formatCompact(spent)}/${formatCompact(limit)} tokens`;
    case 'iterations':
      return `${formatCount(spent)}/${formatCount(limit)} iterations`;
    case 'durationMs':
      return `${formatDuration(spent)}/${formatDuration(limit)}`;
  }
}

/** `100 metric calls, $2.00, 5M tokens, 40 iterations, 10m 00s` */
export function describeLimits(event: RunStarted): string {
  const limits = limitsOf(event);
  const { metricCalls, costUsd, tokens, iterations, durationMs } = limits;
  return [
    metricCalls === undefined ? [] : countOf(metricCalls, 'metric call'),
    costUsd === undefined ? [] : formatUsd(costUsd),
    tokens === undefined ? [] : `${formatCompact(tokens)} tokens`,
    iterations === undefined ? [] : countOf(iterations, 'iteration'),
    durationMs === undefined ? [] : formatDuration(durationMs),
  ]
    .flat()
    .join(', ');
}
