import type { Amount } from './amount.ts';
import type { CallKind } from './max-of-call.ts';
import type { PriceBook } from './prices.ts';
import type { Reservation } from './reservation.ts';

/** The most that one attempt of a call takes, as the caller declares it. */
export interface Reserve {
  readonly tokens?: number;
  readonly costUsd?: number;
}

/** The option `reserve`: what calls take at most. */
export interface ReserveOptions extends Partial<Record<CallKind, Reserve>> {
  /**
   * Output tokens of a model call without a limit of its own. Default: the model's context window, which may be far
   * more than it can write.
   */
  readonly outputTokens?: number;
}

export interface BudgetOptions {
  readonly maxMetricCalls?: number | undefined;
  readonly maxCostUsd?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly reserve?: ReserveOptions | undefined;
  readonly prices: PriceBook;
  /** Metric calls kept for scoring the testset, until `releaseTestset`. Default 0. */
  readonly testsetCalls?: number;
  /** Whether they are kept at the moment. Default: always. */
  readonly keepsTestset?: () => boolean;
  /** Receives remarks that do not concern the result. */
  readonly note?: (message: string) => void;
  /** Records what a call may take in all before it can cost more; awaited. */
  readonly onReserve?: (reservation: Reservation, max: Amount) => Promise<unknown> | undefined;
}
