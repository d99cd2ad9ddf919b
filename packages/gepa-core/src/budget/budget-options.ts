import type { CallKind } from './max-of-call.ts';
import type { PriceBook } from './prices.ts';
import type { Reservation } from './reservation.ts';

/** The maximum of one attempt of a call, as the caller declares it. */
export interface Reserve {
  readonly tokens?: number;
  readonly costUsd?: number;
}

/** The option `reserve`: the maxima of calls. */
export interface ReserveOptions extends Partial<Record<CallKind, Reserve>> {
  /**
   * Output tokens of a model call without a limit of its own. Default: the model's context window, which may be far
   * more than it can write.
   */
  readonly outputTokens?: number;
}

export interface BudgetOptions {
  readonly maxMetricCalls?: number;
  readonly maxCostUsd?: number;
  readonly maxTokens?: number;
  readonly reserve?: ReserveOptions;
  readonly prices: PriceBook;
  /** Metric calls kept for scoring the testset, until `releaseTestset`. Default 0. */
  readonly testsetCalls?: number;
  /** Whether they are kept at the moment. Default: always. */
  readonly keepsTestset?: () => boolean;
  /** Receives notices. */
  readonly note?: (message: string) => void;
  /** Records the new maximum of a call; awaited before the call can cost more. */
  readonly onReserve?: (reservation: Reservation) => Promise<unknown> | undefined;
}
