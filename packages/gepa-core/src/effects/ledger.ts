import { RunError } from '../errors.ts';
import type { PriceBook } from '../prices.ts';
import { type Expense, expenses, type Spend, type SpendByPhase } from '../spend.ts';
import { addUsage, noUsage, priceUsage, type Usage } from '../usage.ts';
import { Interrupted, type Interruption } from './interruption.ts';

/** Something that is admitted before it starts and settled when it ends. */
export type Call = 'rollout' | 'reflection';

/** What one try of a call may cost at most. */
export interface Reserve {
  readonly tokens?: number;
  readonly costUsd?: number;
}

export interface LedgerOptions {
  readonly maxMetricCalls?: number | undefined;
  /** While the plans of an earlier session are replayed, the largest bound that such a session had. */
  readonly plannedMetricCalls?: () => number | undefined;
  /** Metric calls set aside for later, with what they are likely to cost; `release` makes them available. */
  readonly reservedMetricCalls?: number;
  /** Whether anything is set aside at the moment. Default: always. */
  readonly setsAside?: () => boolean;
  readonly maxCostUsd?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly reserve?: Partial<Record<Call, Reserve>> | undefined;
  readonly prices?: Pick<PriceBook, 'priceOf' | 'wait'> | undefined;
}

/** A bound on what is only known when a call has ended. */
interface Meter {
  readonly reason: 'maxCostUsd' | 'maxTokens';
  readonly limit: number;
  readonly of: (usage: Usage) => number;
  /** What a try of a call can cost at most, where the caller says so. */
  readonly told: Record<Call, number | undefined>;
  /** What the dearest try so far has cost. */
  readonly dearest: Record<Call, number | undefined>;
  /** All rollouts that came to their end, to know what one costs on the average. */
  readonly rollouts: { count: number; sum: number };
}

/** Nobody knows what the next call costs; not often is it twice as dear as all before it. */
const callMargin = 2;
/** Many rollouts together seldom cost so much more than as many before them. */
export const laterMargin = 1.25;

/** An admitted call, for which is set aside what a try may cost and has not cost yet. */
export interface Hold {
  readonly call: Call;
  /** What the present try has cost. */
  paid: Usage;
}

/** Where nothing bounds what calls cost, nothing is set aside. */
const free: Readonly<Record<Call, Hold>> = {
  rollout: { call: 'rollout', paid: noUsage },
  reflection: { call: 'reflection', paid: noUsage },
};

const tokensOf = ({ inputTokens, outputTokens }: Usage) => inputTokens + outputTokens;
const costOf = ({ costUsd }: Usage) => costUsd ?? 0;

/**
 * What the run has spent and may still spend. A call is admitted before it starts, admitted again before each further
 * try, and settled when it ends, so that calls in flight can never add up to more than a bound.
 *
 * A run that is resumed has spent more than its replay has come to yet. The search goes by what the replay knows, as it
 * did then; bounds go by all that was spent.
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
  /** All that was spent. */
  #spent: { metricCalls: number; usage: Usage } = { metricCalls: 0, usage: noUsage };
  /** The tries that are under way. */
  readonly #holds = new Set<Hold>();
  #rolloutsInFlight = 0;
  #waiting: (() => void)[] = [];

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
              told: { rollout: reserve?.rollout?.[known], reflection: reserve?.reflection?.[known] },
              dearest: { rollout: undefined, reflection: undefined },
              rollouts: { count: 0, sum: 0 },
            },
          ];
    this.#meters = [
      ...meter('maxCostUsd', maxCostUsd, costOf, 'costUsd'),
      ...meter('maxTokens', maxTokens, tokensOf, 'tokens'),
    ];
  }

  /** For planning. */
  get remainingMetricCalls(): number {
    const planned = this.#options.plannedMetricCalls?.() ?? 0;
    return Math.max(this.#maxMetricCalls, planned) - this.#reserved - this.metricCalls;
  }

  /** Whether there is a bound on what calls report. */
  get needsUsage(): boolean {
    return this.#meters.length > 0;
  }

  /** What more was spent of than a bound allows, a sentence each. */
  get crossings(): string[] {
    return this.#meters
      .map(({ reason, limit, of }) => ({ reason, limit, spent: of(this.#spent.usage) }))
      .filter(({ limit, spent }) => spent > limit)
      .map(
        ({ reason, limit, spent }) =>
          `${reason} is ${limit}, but the run took ${Number(spent.toPrecision(6))}: a call was far dearer than all before it, or the bound was larger in an earlier session. Say in \`reserve\` what a call can cost at most, and none can cross a bound.`,
      );
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
    return this.#meters.some(({ told, dearest }) => (told[call] ?? dearest[call]) === undefined);
  }

  /**
   * To be waited for before a call is admitted, where it would fit but for what others may yet cost: they may come to
   * cost less.
   */
  wait(call: Call): Promise<void> | undefined {
    if (this.#holds.size === 0 || this.#exceeded(call, this.#holds) === undefined) return undefined;
    if (this.#exceeded(call, []) !== undefined) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sets aside what one more call may cost, or tells the bound that it does not fit. */
  admit(call: Call): Hold | Exclude<Interruption['reason'], 'unavailable'> {
    const roomForRollouts = this.#maxMetricCalls - this.#setAside - this.#spent.metricCalls;
    if (call === 'rollout' && this.#rolloutsInFlight >= roomForRollouts) return 'maxMetricCalls';
    if (this.#meters.length === 0) {
      if (call === 'rollout') this.#rolloutsInFlight++;
      return free[call];
    }
    const exceeded = this.#exceeded(call, this.#holds);
    if (exceeded !== undefined) return exceeded;
    const hold = { call, paid: noUsage };
    this.#holds.add(hold);
    if (call === 'rollout') this.#rolloutsInFlight++;
    return hold;
  }

  /** A try failed and there will be another: nothing is set aside until then. */
  retry(hold?: Hold): void {
    this.retries++;
    if (hold !== undefined && this.#holds.has(hold)) this.#close(hold);
  }

  /**
   * Sets aside what a further try of a call may cost, or gives what is to be waited for first.
   *
   * @throws {Interrupted} when it does not fit a bound.
   */
  admitAgain(hold?: Hold): Promise<void> | undefined {
    if (hold === undefined || this.#meters.length === 0) return undefined;
    const wait = this.wait(hold.call);
    if (wait !== undefined) return wait;
    const exceeded = this.#exceeded(hold.call, this.#holds);
    if (exceeded !== undefined) throw new Interrupted({ reason: exceeded });
    hold.paid = noUsage;
    this.#holds.add(hold);
    return undefined;
  }

  /** Ends an admitted call. `complete`: it came to its end, so that its cost tells what another one may cost. */
  settle(hold: Hold, complete: boolean): void {
    if (hold.call === 'rollout') this.#rolloutsInFlight--;
    if (this.#holds.has(hold)) this.#close(hold, complete);
  }

  /** The bound that one more try could come to exceed, beside what was spent and what others may yet cost. */
  #exceeded(call: Call, others: Iterable<Hold>): Meter['reason'] | undefined {
    for (const meter of this.#meters) {
      const { reason, limit, of } = meter;
      let sum = of(this.#spent.usage);
      if (sum >= limit) return reason;
      sum += costOfLater(meter, this.#setAside);
      for (const hold of others) sum += Math.max(0, costOfTry(meter, hold.call) - of(hold.paid));
      if (sum + costOfTry(meter, call) > limit) return reason;
    }
    return undefined;
  }

  get #setAside(): number {
    return (this.#options.setsAside?.() ?? true) ? this.#reserved : 0;
  }

  #close(hold: Hold, complete = false): void {
    this.#holds.delete(hold);
    this.learnCost(hold.call, hold.paid, complete);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** To be waited for before a usage is paid. */
  waitForPrices(usage: Usage | undefined): Promise<void> | undefined {
    return this.#options.prices?.wait(usage);
  }

  /** What a try has cost, with its price by `prices`. Throws like `commit`. */
  pay(phase: Expense | 'judge', usage: Usage, hold?: Hold): Usage {
    const priced = this.note(phase, usage);
    if (hold !== undefined && this.#holds.has(hold)) hold.paid = addUsage(hold.paid, priced);
    return this.commit(phase, priced);
  }

  /** A rollout was scored. */
  scored(phase: Expense): void {
    this.noteScored(phase);
    this.commitScored();
  }

  /** Notes what the replay has come to. */
  note(phase: Expense | 'judge', usage: Usage): Usage {
    const priced = this.#priced(usage);
    this.usage = addUsage(this.usage, priced);
    const spend = this.#of(phase);
    spend.usage = addUsage(spend.usage, priced);
    return priced;
  }

  noteScored(phase: Expense): void {
    this.metricCalls++;
    this.#of(phase).metricCalls++;
  }

  /**
   * Counts what was spent against the bounds.
   *
   * @throws {RunError} when there is a bound on what the usage does not tell.
   */
  commit(phase: Expense | 'judge', usage: Usage): Usage {
    const priced = this.#priced(usage);
    this.#spent.usage = addUsage(this.#spent.usage, priced);
    if (this.#meters.length > 0 && usage.modelCalls > 0) this.#mustTell(phase, priced);
    return priced;
  }

  commitScored(): void {
    this.#spent.metricCalls++;
  }

  /** A try tells what another one may cost, if it came to its end or cost anything. */
  learnCost(call: Call, usage: Usage, complete: boolean): void {
    if (!complete && usage.modelCalls === 0) return;
    for (const { of, dearest, rollouts } of this.#meters) {
      dearest[call] = Math.max(dearest[call] ?? 0, of(usage));
      if (call !== 'rollout' || !complete) continue;
      rollouts.count++;
      rollouts.sum += of(usage);
    }
  }

  #of(phase: Expense | 'judge') {
    let spend = this.#phases.get(phase);
    if (spend === undefined) {
      spend = { metricCalls: 0, usage: noUsage };
      this.#phases.set(phase, spend);
    }
    return spend;
  }

  #priced(usage: Usage): Usage {
    const { prices } = this.#options;
    return prices === undefined ? usage : priceUsage(usage, prices.priceOf);
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

/** What a try is taken to cost. A kind of which none was made yet is taken for the other one. */
function costOfTry({ told, dearest }: Meter, call: Call): number {
  return told[call] ?? callMargin * (dearest[call] ?? dearest.rollout ?? 0);
}

/** What so many rollouts are likely to cost; there must be room for a whole try until the last has begun. */
function costOfLater(meter: Meter, calls: number): number {
  const { count, sum } = meter.rollouts;
  return calls === 0 || count === 0 ? 0 : (laterMargin * calls * sum) / count + costOfTry(meter, 'rollout');
}
