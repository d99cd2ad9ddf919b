import type { CallMeter, CallRequest, MeteredCall } from '../adapter/call-meter.ts';
import type { Ledger } from '../budget/ledger.ts';
import type { Amount, Hold } from '../budget/spending-bounds.ts';
import { addUsage, noUsage, soundUsage, type Usage } from '../budget/usage.ts';
import { isUnbilled } from './classify-error.ts';
import { Interrupted } from './interruption.ts';
import type { LazySignal } from './timeout.ts';

/** Where the model calls of a try are counted. */
export interface Account {
  readonly ledger: Pick<Ledger, 'admitCall' | 'endCall' | 'dropCall'>;
  readonly hold: Hold;
}

/** What is known of a try when it is over. */
export interface TryReport {
  /** What its model calls took, if it told of any. */
  readonly metered?: Usage;
  /** Why one of them was not admitted: what came of the try then is worth nothing. */
  readonly refusal?: unknown;
}

/** One try of an effect, as the effect sees it: its signal, and the meter of its model calls, each made when looked at. */
export class Try {
  readonly #lazy: LazySignal;
  readonly #account: Account | undefined;
  #meter: Meter | 'closed' | undefined;

  /** Without an account, nothing bounds its calls. */
  constructor(lazy: LazySignal, account: Account | undefined) {
    this.#lazy = lazy;
    this.#account = account;
  }

  get signal(): AbortSignal {
    return this.#lazy.signal;
  }

  get meter(): CallMeter {
    if (this.#meter === undefined || this.#meter === 'closed') {
      const meter = new Meter(this.#lazy, this.#account);
      if (this.#meter === 'closed') meter.close();
      this.#meter = meter;
    }
    return this.#meter;
  }

  /**
   * Ends it. What is told later is not heard, and under a bound no further model call is admitted.
   *
   * @returns nothing where it never looked at its meter, as most do that call no model.
   */
  close(): TryReport | undefined {
    if (this.#meter instanceof Meter) return this.#meter.close();
    this.#meter = 'closed';
    return undefined;
  }
}

class Meter implements CallMeter {
  readonly #lazy: LazySignal;
  readonly #account: Account | undefined;
  readonly #open = new Set<OpenCall>();
  #metered: Usage | undefined;
  #refusal: unknown;
  #isClosed = false;

  constructor(lazy: LazySignal, account: Account | undefined) {
    this.#lazy = lazy;
    this.#account = account;
  }

  async begin(request: CallRequest = {}): Promise<MeteredCall> {
    const most = await this.#admit(request);
    this.#metered ??= noUsage;
    const call = new OpenCall(this.#account, most, (usage) => {
      this.#open.delete(call);
      if (usage !== undefined) this.#metered = addUsage(this.#metered ?? noUsage, usage);
    });
    this.#open.add(call);
    return call;
  }

  close(): TryReport {
    this.#isClosed = true;
    for (const call of this.#open) call.giveUp();
    return {
      ...(this.#metered === undefined ? {} : { metered: this.#metered }),
      ...(this.#refusal === undefined ? {} : { refusal: this.#refusal }),
    };
  }

  async #admit(request: CallRequest): Promise<Amount | undefined> {
    // Where nothing is bounded, a program may go on by itself.
    if (this.#account === undefined) return undefined;
    this.#refuseLate();
    const { ledger, hold } = this.#account;
    let most: Amount | undefined;
    try {
      most = await ledger.admitCall(hold, request, () => this.#isClosed);
    } catch (error) {
      this.#refusal ??= error;
      // Who catches it could go on without the model, or try again for long.
      this.#lazy.abandon(error);
      throw error;
    }
    if (this.#isClosed && most !== undefined) ledger.dropCall(hold, most, false);
    this.#refuseLate();
    return most;
  }

  #refuseLate(): void {
    if (this.#isClosed) throw new Interrupted({ reason: 'aborted' });
  }
}

/** A model call under way. */
class OpenCall implements MeteredCall {
  readonly #account: Account | undefined;
  readonly #most: Amount | undefined;
  readonly #onEnd: (usage?: Usage) => void;
  #isOver = false;

  constructor(account: Account | undefined, most: Amount | undefined, onEnd: (usage?: Usage) => void) {
    this.#account = account;
    this.#most = most;
    this.#onEnd = onEnd;
  }

  end(told: Usage): void {
    const usage = soundUsage(told);
    this.#close(usage, ({ ledger, hold }, most) => ledger.endCall(hold, most, usage));
  }

  fail(error: unknown): void {
    this.#close(undefined, ({ ledger, hold }, most) => ledger.dropCall(hold, most, !isUnbilled(error)));
  }

  giveUp(): void {
    this.#close(undefined, ({ ledger, hold }, most) => ledger.dropCall(hold, most, true));
  }

  #close(usage: Usage | undefined, count: (account: Account, most: Amount) => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#account !== undefined && this.#most !== undefined) count(this.#account, this.#most);
    this.#onEnd(usage);
  }
}
