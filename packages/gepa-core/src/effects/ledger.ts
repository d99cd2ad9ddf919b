import { RunError } from '../errors.ts';
import { addUsage, noUsage, type PriceOf, priceUsage, type Usage } from '../usage.ts';

/** Something that is paid for. */
export type Expense = 'rollout' | 'reflection';

/**
 * What the run has spent and may still spend. A call is admitted before it starts and settled when it ends, so
 * that calls in flight can never add up to more than a bound.
 */
export class Ledger {
  /** Scored rollouts. */
  metricCalls = 0;
  metricCallsSaved = 0;
  retries = 0;
  usage: Usage = noUsage;
  reflectionUsage: Usage = noUsage;
  /** Metric calls set aside for later; `release` makes them available. */
  #reserved: number;
  readonly #maxMetricCalls: number;
  readonly #maxCostUsd: number;
  readonly #prices: PriceOf;
  readonly #inFlight: Record<Expense, number> = { rollout: 0, reflection: 0 };
  readonly #dearest: Record<Expense, number | undefined> = { rollout: undefined, reflection: undefined };

  constructor(bounds: {
    maxMetricCalls?: number | undefined;
    reservedMetricCalls?: number;
    maxCostUsd?: number | undefined;
    prices?: PriceOf;
  }) {
    this.#maxMetricCalls = bounds.maxMetricCalls ?? Number.POSITIVE_INFINITY;
    this.#reserved = bounds.reservedMetricCalls ?? 0;
    this.#maxCostUsd = bounds.maxCostUsd ?? Number.POSITIVE_INFINITY;
    this.#prices = bounds.prices ?? (() => undefined);
  }

  get remainingMetricCalls(): number {
    return this.#maxMetricCalls - this.#reserved - this.metricCalls;
  }

  release(): void {
    this.#reserved = 0;
  }

  /** Under a bound on cost, the first call of a kind is made alone, to learn what one costs. */
  mustLearnCost(expense: Expense): boolean {
    return this.#maxCostUsd !== Number.POSITIVE_INFINITY && this.#dearest[expense] === undefined;
  }

  /** Whether one more call fits every bound, taking each call in flight for as dear as the dearest so far. */
  admit(expense: Expense): 'admitted' | 'max_metric_calls' | 'max_cost' {
    if (expense === 'rollout' && this.#inFlight.rollout >= this.remainingMetricCalls) {
      return 'max_metric_calls';
    }
    if (this.#maxCostUsd !== Number.POSITIVE_INFINITY) {
      const spent = this.usage.costUsd ?? 0;
      const open =
        this.#inFlight.rollout * (this.#dearest.rollout ?? 0) +
        this.#inFlight.reflection * (this.#dearest.reflection ?? 0);
      const next = this.#dearest[expense] ?? 0;
      if (spent >= this.#maxCostUsd || spent + open + next > this.#maxCostUsd) return 'max_cost';
    }
    this.#inFlight[expense]++;
    return 'admitted';
  }

  /**
   * A usage with its cost by `prices`.
   *
   * @throws {RunError} when there is a bound on cost and the cost cannot be told.
   */
  price(expense: Expense, usage: Usage): Usage {
    const priced = priceUsage(usage, this.#prices);
    const isBounded = this.#maxCostUsd !== Number.POSITIVE_INFINITY;
    if (isBounded && priced.modelCalls > 0 && priced.costUsd === undefined) {
      const models = Object.keys(usage.byModel ?? {}).join(', ') || 'a model that was not named';
      throw new RunError(
        `maxCostUsd is set, but the cost of a ${expense} by ${models} is unknown. Give its price in \`prices\`, or report \`costUsd\` in the usage.`,
      );
    }
    return priced;
  }

  /** Ends an admitted call. `complete`: it came to its end, so that its cost tells what another one may cost. */
  settle(expense: Expense, outcome: { scored: boolean; complete: boolean; usage: Usage }): void {
    const { scored, complete, usage } = outcome;
    this.#inFlight[expense]--;
    if (scored) this.metricCalls++;
    this.usage = addUsage(this.usage, usage);
    if (expense === 'reflection') this.reflectionUsage = addUsage(this.reflectionUsage, usage);
    if (complete || usage.modelCalls > 0) {
      this.#dearest[expense] = Math.max(this.#dearest[expense] ?? 0, usage.costUsd ?? 0);
    }
  }
}
