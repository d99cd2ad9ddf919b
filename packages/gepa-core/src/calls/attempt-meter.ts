import type { CallMeter, CallRequest, MeteredCall } from '../adapter/call-meter.ts';
import { type Amount, zero } from '../budget/amount.ts';
import type { Budget } from '../budget/budget.ts';
import type { Reservation } from '../budget/reservation.ts';
import { addUsage, noUsage, soundUsage, type Usage } from '../budget/usage.ts';
import { isUnbilled } from './classify-error.ts';
import type { ClientRetries } from './client-retries.ts';
import { Interrupted } from './interruption.ts';

/** Counts the model calls of one attempt, and reserves each of them where a limit requires it. */
export class AttemptMeter implements CallMeter {
  readonly #budget: Budget;
  readonly #reservation: Reservation;
  readonly #retries: ClientRetries;
  readonly #onAnswer: (usage: Usage) => void;
  readonly #abort: (reason: unknown) => void;
  /** Ends a model call in flight without an answer. */
  readonly #inFlight = new Set<(actual: Amount | 'unknown') => void>();
  #usage: Usage | undefined;
  #refusal: unknown;
  #isClosed = false;

  constructor(
    budget: Budget,
    reservation: Reservation,
    on: {
      readonly retries: ClientRetries;
      readonly answer: (usage: Usage) => void;
      readonly refusal: (reason: unknown) => void;
    },
  ) {
    this.#budget = budget;
    this.#reservation = reservation;
    this.#retries = on.retries;
    this.#onAnswer = on.answer;
    this.#abort = on.refusal;
  }

  async begin(request: CallRequest = {}): Promise<MeteredCall> {
    this.#budget.onRequest?.(request);
    this.#retries.continued();
    const max = await this.#reserve(request);
    this.#usage ??= noUsage;
    const settle = (usage: Usage | undefined, actual: Amount | 'unknown') => {
      if (!this.#inFlight.delete(abandon)) return;
      if (max !== undefined) this.#reservation.settleCall(max, actual);
      if (usage !== undefined) this.#usage = addUsage(this.#usage ?? noUsage, usage);
    };
    const abandon = (actual: Amount | 'unknown') => settle(undefined, actual);
    this.#inFlight.add(abandon);
    return {
      end: (reported) => {
        const usage = soundUsage(reported);
        if (this.#inFlight.has(abandon) && usage.modelCalls > 0) this.#onAnswer(usage);
        settle(usage, max === undefined ? zero : this.#budget.amountOfCall(usage, max));
      },
      fail: (error) => {
        if (this.#inFlight.has(abandon)) this.#retries.ended();
        settle(undefined, isUnbilled(error) ? zero : 'unknown');
      },
    };
  }

  retrying(error: unknown): () => void {
    return this.#retries.failed(error);
  }

  /** Ends the model calls in flight, since their provider cannot be reached. */
  endUnreached(): void {
    for (const abandon of this.#inFlight) abandon(zero);
  }

  /**
   * Ends the attempt: later reports are ignored, and under a limit no further model call is admitted.
   *
   * @returns the usage of its model calls; `undefined` if it reported none.
   */
  close(): Usage | undefined {
    this.#isClosed = true;
    for (const abandon of this.#inFlight) abandon('unknown');
    return this.#usage;
  }

  /** @throws why a model call was refused: whatever the program made of that does not count. */
  throwIfRefused(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  async #reserve(request: CallRequest): Promise<Amount | undefined> {
    if (!this.#budget.limitsSpend) return undefined;
    this.#refuseWhenClosed();
    let max: Amount | undefined;
    try {
      max = await this.#budget.reserveCall(this.#reservation, request, () => this.#isClosed);
    } catch (error) {
      this.#refusal ??= error;
      // A program that catches the error could go on without the model.
      this.#abort(error);
      throw error;
    }
    if (this.#isClosed && max !== undefined) this.#reservation.settleCall(max, zero);
    this.#refuseWhenClosed();
    return max;
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new Interrupted({ reason: 'aborted' });
  }
}
