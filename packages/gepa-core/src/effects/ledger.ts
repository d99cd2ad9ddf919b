import { RunError } from '../errors.ts';
import { addUsage, noUsage, type PriceOf, priceUsage, type Usage } from '../usage.ts';
import type { Interruption } from './interruption.ts';
import type { Remembered } from './journal.ts';
import { type Expense, expenseOf, expenses } from './stopwatch.ts';

/** Something that is admitted before it starts and settled when it ends. */
export type Call = 'rollout' | 'reflection';

/** What one call may cost at most. */
export interface Reserve {
  readonly tokens?: number;
  readonly costUsd?: number;
}

/** What a part of the run took. */
export interface Spend {
  /** Scored rollouts. */
  readonly metricCalls: number;
  readonly usage: Usage;
}

/** The whole of it, part by part. A judge's model calls are no part of the phase they were made in. */
export type SpendByPhase = Readonly<Record<Expense | 'judge', Spend>>;

export interface LedgerOptions {
  readonly maxMetricCalls?: number | undefined;
  /** Metric calls set aside for later; `release` makes them available. */
  readonly reservedMetricCalls?: number;
  readonly maxCostUsd?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly reserve?: Partial<Record<Call, Reserve>> | undefined;
  readonly prices?: PriceOf;
}

/** A bound on what is only known when a call has ended. */
interface Meter {
  readonly reason: 'maxCostUsd' | 'maxTokens';
  readonly limit: number;
  readonly of: (usage: Usage) => number;
  /** What a call is taken to cost: what the caller says, or the dearest so far. */
  readonly reserved: Record<Call, number | undefined>;
}

const tokensOf = ({ inputTokens, outputTokens }: Usage) => inputTokens + outputTokens;
const costOf = ({ costUsd }: Usage) => costUsd ?? 0;

/**
 * What the run has spent and may still spend. A call is admitted before it starts and settled when it ends, so
 * that calls in flight can never add up to more than a bound.
 */
export class Ledger {
  /** Scored rollouts. */
  metricCalls = 0;
  /** Rollouts that a partial evaluation policy left out. */
  metricCallsSaved = 0;
  /** Rollouts that were asked for and had been made before. */
  cacheHits = 0;
  retries = 0;
  usage: Usage = noUsage;
  readonly #phases = new Map<Expense | 'judge', { metricCalls: number; usage: Usage }>();
  #reserved: number;
  readonly #options: LedgerOptions;
  readonly #maxMetricCalls: number;
  readonly #meters: readonly Meter[];
  readonly #inFlight: Record<Call, number> = { rollout: 0, reflection: 0 };

  constructor(options: LedgerOptions = {}) {
    const { maxMetricCalls, maxCostUsd, maxTokens, reserve, reservedMetricCalls } = options;
    this.#options = options;
    this.#maxMetricCalls = maxMetricCalls ?? Number.POSITIVE_INFINITY;
    this.#reserved = reservedMetricCalls ?? 0;
    const meter = (
      reason: Meter['reason'],
      limit: number | undefined,
      of: Meter['of'],
      known: keyof Reserve,
    ): Meter[] =>
      limit === undefined
        ? []
        : [
            {
              reason,
              limit,
              of,
              reserved: { rollout: reserve?.rollout?.[known], reflection: reserve?.reflection?.[known] },
            },
          ];
    this.#meters = [
      ...meter('maxCostUsd', maxCostUsd, costOf, 'costUsd'),
      ...meter('maxTokens', maxTokens, tokensOf, 'tokens'),
    ];
  }

  get remainingMetricCalls(): number {
    return this.#maxMetricCalls - this.#reserved - this.metricCalls;
  }

  get spend(): SpendByPhase {
    const of = (phase: Expense | 'judge'): Spend => ({
      metricCalls: 0,
      usage: noUsage,
      ...this.#phases.get(phase),
    });
    return Object.fromEntries(
      [...expenses, 'judge' as const].map((phase) => [phase, of(phase)]),
    ) as SpendByPhase;
  }

  release(): void {
    this.#reserved = 0;
  }

  /** Where nobody said what a call of a kind may cost, the first is made alone, to learn what one costs. */
  mustLearnCost(call: Call): boolean {
    return this.#meters.some(({ reserved }) => reserved[call] === undefined);
  }

  /** Whether one more call fits every bound. */
  admit(call: Call): 'admitted' | Exclude<Interruption['reason'], 'unavailable'> {
    if (call === 'rollout' && this.#inFlight.rollout >= this.remainingMetricCalls) return 'maxMetricCalls';
    this.#inFlight[call]++;
    const exceeded = this.exceeded();
    if (exceeded === undefined) return 'admitted';
    this.#inFlight[call]--;
    return exceeded;
  }

  /** The bound that what was spent and what is in flight could come to exceed. */
  exceeded(): Meter['reason'] | undefined {
    for (const { reason, limit, of, reserved } of this.#meters) {
      const spent = of(this.usage);
      const open =
        this.#inFlight.rollout * (reserved.rollout ?? 0) +
        this.#inFlight.reflection * (reserved.reflection ?? 0);
      if (spent >= limit || spent + open > limit) return reason;
    }
    return undefined;
  }

  /**
   * Notes what was spent, with its cost by `prices`.
   *
   * @throws {RunError} when there is a bound on what the usage does not tell.
   */
  pay(phase: Expense | 'judge', usage: Usage): Usage {
    const priced = priceUsage(usage, this.#options.prices ?? (() => undefined));
    this.usage = addUsage(this.usage, priced);
    const spend = this.#of(phase);
    spend.usage = addUsage(spend.usage, priced);
    if (this.#meters.length > 0 && usage.modelCalls > 0) this.#mustTell(phase, priced);
    return priced;
  }

  /** A rollout was scored. */
  scored(phase: Expense): void {
    this.metricCalls++;
    this.#of(phase).metricCalls++;
  }

  /** Ends an admitted call. `complete`: it came to its end, so that its cost tells what another one may cost. */
  settle(call: Call, { usage, complete }: { usage: Usage; complete: boolean }): void {
    this.#inFlight[call]--;
    if (!complete && usage.modelCalls === 0) return;
    for (const { of, reserved } of this.#meters) reserved[call] = Math.max(reserved[call] ?? 0, of(usage));
  }

  #of(phase: Expense | 'judge') {
    let spend = this.#phases.get(phase);
    if (spend === undefined) {
      spend = { metricCalls: 0, usage: noUsage };
      this.#phases.set(phase, spend);
    }
    return spend;
  }

  #mustTell(phase: Expense | 'judge', usage: Usage): void {
    const models = Object.keys(usage.byModel ?? {}).join(', ') || 'a model that was not named';
    const call = `a ${phase === 'reflection' ? 'reflection' : 'rollout'} by ${models}`;
    for (const { reason } of this.#meters) {
      if (reason === 'maxCostUsd' && usage.costUsd === undefined) {
        throw new RunError(
          `maxCostUsd is set, but the cost of ${call} is unknown. Give its price in \`prices\`, or report \`costUsd\` in the usage.`,
        );
      }
      if (reason === 'maxTokens' && tokensOf(usage) === 0) {
        throw new RunError(
          `maxTokens is set, but ${call} reported no tokens. Report \`inputTokens\` and \`outputTokens\` in the usage.`,
        );
      }
    }
  }
}

/** Counts what an earlier session spent on an effect. */
export function payEntry(ledger: Ledger, entry: Remembered): void {
  switch (entry.type) {
    case 'rollout': {
      const expense = expenseOf(entry.phase);
      ledger.scored(expense);
      ledger.retries += entry.retries ?? 0;
      if (entry.usage !== undefined) ledger.pay(expense, entry.usage);
      if (entry.judgeUsage !== undefined) ledger.pay('judge', entry.judgeUsage);
      break;
    }
    case 'reflection':
      ledger.retries += entry.retries ?? 0;
      ledger.pay('reflection', entry.usage);
      break;
    case 'proposal':
      ledger.retries += entry.retries ?? 0;
      break;
    case 'unavailable':
      if (entry.usage !== undefined) ledger.pay(entry.expense, entry.usage);
      break;
  }
}
