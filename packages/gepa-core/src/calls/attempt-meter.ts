import type { CallMeter, CallRequest, MeteredCall } from '../adapter/call-meter.ts';
import { type Amount, zero } from '../budget/amount.ts';
import type { CallKind } from '../budget/max-of-call.ts';
import type { Reservation } from '../budget/reservation.ts';
import { addUsage, modelCallUsage, noUsage, soundUsage, type Usage } from '../budget/usage.ts';
import { Interrupted } from '../interruption.ts';
import { messageOf } from '../text/error-message.ts';
import type { CallEnvironment } from './call.ts';
import { isUnbilled, isUnparsedAnswer, isUnreached } from './classify-error.ts';
import { ClientRetries } from './client-retries.ts';
import type { FailingStep } from './failing-step.ts';
import type { Attempt } from './timeout.ts';

/** The call that an attempt belongs to. */
interface AttemptedCall {
  readonly calls: Pick<CallEnvironment, 'budget' | 'outage' | 'retry' | 'dispatch' | 'warn'>;
  readonly kind: CallKind;
  readonly reservation: Reservation;
}

/** What an attempt ran: the program of a rollout, or its metric. */
export type Attempted = 'program' | 'metric';

/** Counts the model calls of one attempt, and reserves each of them where a limit requires it. */
export class AttemptMeter implements CallMeter {
  readonly #call: AttemptedCall;
  readonly #step: FailingStep;
  readonly #attempt: Attempt;
  readonly #number: number;
  #clients: ClientRetries | undefined;
  /** Ends a model call in flight without an answer. */
  readonly #inFlight = new Set<(actual: Amount | 'unknown') => void>();
  #usage: Usage | undefined;
  #refusal: unknown;
  #isClosed = false;
  /** Whether the program stopped a model call itself. */
  #hasStopped = false;
  /** What returned, unless the attempt failed. */
  #returned: Attempted | undefined;

  /** @param number of the attempt, counted from 1. */
  constructor(call: AttemptedCall, step: FailingStep, attempt: Attempt, number: number) {
    this.#call = call;
    this.#step = step;
    this.#attempt = attempt;
    this.#number = number;
  }

  async begin(request: CallRequest = {}): Promise<MeteredCall> {
    const { reservation } = this.#call;
    const { budget } = this.#call.calls;
    budget.onRequest?.(request);
    if (this.#isClosed) this.#refuseOrWarn();
    this.#clientRetries().continued();
    const max = await this.#reserve(request);
    this.#usage ??= noUsage;
    const settle = (usage: Usage | undefined, actual: Amount | 'unknown') => {
      if (!this.#inFlight.delete(abandon)) return;
      if (max !== undefined) reservation.settleCall(max, actual);
      if (usage !== undefined) this.#usage = addUsage(this.#usage ?? noUsage, usage);
    };
    const abandon = (actual: Amount | 'unknown') => settle(undefined, actual);
    this.#inFlight.add(abandon);
    const end = (reported?: Usage) => {
      // Users without TypeScript may report nothing.
      const usage = soundUsage(reported ?? modelCallUsage({ model: request.model }));
      if (!this.#inFlight.has(abandon)) return;
      if (usage.modelCalls > 0) this.#answered(usage);
      settle(usage, budget.amountOfCall(usage, max ?? zero));
    };
    return {
      end,
      fail: (error) => {
        // The client has lost the counts of the answer.
        if (isUnparsedAnswer(error)) return end();
        if (this.#inFlight.has(abandon)) {
          this.#clientRetries().ended();
          this.#hasStopped ||= isAbort(error);
        }
        settle(undefined, isUnbilled(error) ? zero : 'unknown');
      },
    };
  }

  retrying(error: unknown): () => void {
    return this.#clientRetries().failed(error);
  }

  /**
   * Ends the attempt: later reports are ignored, and under a limit no further model call is admitted.
   *
   * @param returned what returned; absent where it failed, which ends model calls early.
   * @returns the usage of its model calls; `undefined` if it reported none.
   */
  close(returned?: Attempted): Usage | undefined {
    this.#isClosed = true;
    this.#returned = returned;
    const { budget, warn } = this.#call.calls;
    // Under a limit, such calls stay reserved, and the run warns of that.
    const lacksCalls = this.#inFlight.size > 0 || this.#hasStopped;
    if (returned !== undefined && lacksCalls && !budget.limitsSpend) warn(openCallWarning(returned));
    this.#clients?.close();
    for (const abandon of this.#inFlight) abandon('unknown');
    return this.#usage;
  }

  /** @throws why a model call was refused: whatever the program made of that does not count. */
  throwIfRefused(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** Made when the first model call is reported. */
  #clientRetries(): ClientRetries {
    if (this.#clients !== undefined) return this.#clients;
    const { calls, kind } = this.#call;
    this.#clients = new ClientRetries(calls.retry, this.#step, {
      retried: (error) =>
        calls.dispatch({ type: 'retried', what: kind, attempt: this.#number, message: messageOf(error) }),
      gaveUp: (error) => {
        // Nothing reached the provider, so the calls in flight are free.
        if (isUnreached(error)) for (const abandon of this.#inFlight) abandon(zero);
        this.#attempt.abort(error);
      },
    });
    if (this.#isClosed) this.#clients.close();
    return this.#clients;
  }

  #answered({ outputTokens }: Usage): void {
    if (outputTokens > 0) this.#step.noteAnswer();
    this.#clientRetries().answered(outputTokens);
  }

  async #reserve(request: CallRequest): Promise<Amount | undefined> {
    const { reservation } = this.#call;
    const { budget } = this.#call.calls;
    if (!budget.limitsSpend) return undefined;
    this.#refuseWhenClosed();
    let max: Amount | undefined;
    try {
      max = await budget.reserveCall(reservation, request, () => this.#isClosed);
    } catch (error) {
      this.#refusal ??= error;
      // A program that catches the error could go on without the model.
      this.#attempt.abort(error);
      throw error;
    }
    if (this.#isClosed && max !== undefined) reservation.settleCall(max, zero);
    this.#refuseWhenClosed();
    return max;
  }

  /** A program that was aborted, such as after its timeout, may go on and pay for answers that are not used. */
  #refuseOrWarn(): void {
    if (this.#attempt.signal.aborted) this.#refuseWhenClosed();
    this.#call.calls.warn(lateCallWarning(this.#returned));
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new Interrupted({ reason: 'aborted' });
  }
}

/** Clients of models give abort errors names of their own, or only the message of the runtime's. */
function isAbort(error: unknown): boolean {
  return /AbortError/.test(`${(error as Error | undefined)?.name} ${messageOf(error)}`);
}

function openCallWarning(returned: Attempted): string {
  return `The ${returned} returned while a model call was in progress, or stopped one, so the usage lacks it. Await all model calls, and read streams to their end.`;
}

function lateCallWarning(returned: Attempted | undefined): string {
  const ended = returned === undefined ? 'that had failed' : `whose ${returned} had returned`;
  return `A model call began in a rollout ${ended}: it is not counted, and may have used another candidate's texts. Await all model calls. If rollouts share a queue, wrap its jobs in \`AsyncResource.bind\`, or set \`concurrency: 1\`.`;
}
