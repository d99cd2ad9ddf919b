import type { Outage } from './outage.ts';
import { giveUpAfterMs, type RetryOptions } from './retry.ts';

/** One step of a call, and for how long it has failed: its attempts, and the tries of clients within them. */
export class FailingStep {
  readonly name: string;
  readonly #outage: Outage;
  readonly #retry: RetryOptions;
  /** By `performance.now()`; undefined while nothing has failed since an answer. */
  #since: number | undefined;

  constructor(name: string, outage: Outage, retry: RetryOptions) {
    this.name = name;
    this.#outage = outage;
    this.#retry = retry;
  }

  failed(): void {
    this.#since ??= performance.now();
  }

  answered(): void {
    this.#since = undefined;
  }

  /** A model call of the step was answered, which may still fail. */
  noteAnswer(): void {
    this.#outage.noteAnswer(this.name);
  }

  /** Whether any call's step of this name was ever answered. */
  get hasAnswered(): boolean {
    return this.#outage.hasAnswered(this.name);
  }

  /** Milliseconds since its first failure, or since a step of this name was answered, if that was later. */
  get unansweredMs(): number {
    const now = performance.now();
    return now - Math.max(this.#since ?? now, this.#outage.answeredAt(this.name));
  }

  /** Milliseconds until the run gives up, if nothing is answered. May be negative. */
  get remainingMs(): number {
    return giveUpAfterMs(this.#retry) - this.unansweredMs;
  }
}
