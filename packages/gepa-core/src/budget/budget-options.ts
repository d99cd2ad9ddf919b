import type { CallKind } from './max-of-call.ts';
import type { PriceBook } from './prices.ts';
import type { Reservation } from './reservation.ts';

/** The maximum of one attempt of a call, as the caller declares it. */
export interface Reserve {
  readonly tokens?: number | undefined;
  readonly costUsd?: number | undefined;
}

/** The option `reserve`: the maxima of calls. */
export interface ReserveOptions extends Partial<Record<CallKind, Reserve>> {
  /**
   * Output tokens of a model call without a limit of its own. Default: the model's context window, which may be far
   * more than it can write.
   */
  readonly outputTokens?: number | undefined;
}

export interface BudgetOptions {
  readonly maxMetricCalls?: number | undefined;
  readonly maxCostUsd?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly reserve?: ReserveOptions | undefined;
  readonly prices: PriceBook;
  /** Metric calls kept for scoring the testset, until `releaseTestset`. Default 0. */
  readonly testsetCalls?: number | undefined;
  /** Whether they are kept at the moment. Default: always. */
  readonly keepsTestset?: (() => boolean) | undefined;
  /** Receives notices. */
  readonly note?: ((message: string) => void) | undefined;
  /** Records the new maximum of a call; awaited before the call can cost more. */
  readonly onReserve?: (reservation: Reservation) => Promise<unknown> | undefined;
}
