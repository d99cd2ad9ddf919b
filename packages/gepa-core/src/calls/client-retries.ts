import { isUnreached, retryAfterMs } from './classify-error.ts';
import type { FailingStep } from './failing-step.ts';
import { classify, type RetryOptions } from './retry.ts';
import { MAX_TIMER_MS } from './timeout.ts';

/** A client without further attempts rejects within this time, with a better error, or the program continues without it. */
const GRACE_MS = 500;

/** Receives the end of a client's retries. */
interface RetryListener {
  /** The client tries again. */
  retried(error: unknown): void;
  /** The attempt must end with the error of the last try. */
  gaveUp(error: unknown): void;
}

/**
 * The retries that the clients of models make by themselves within one attempt. They end with the same deadline as those
 * of the run: not while a try is in flight, which may be answered, but while the client waits for the next one.
 */
export class ClientRetries {
  readonly #retry: RetryOptions;
  readonly #step: FailingStep;
  readonly #on: RetryListener;
  #failed: { readonly error: unknown } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(retry: RetryOptions, step: FailingStep, on: RetryListener) {
    this.#retry = retry;
    this.#step = step;
    this.#on = on;
  }

  /** A try failed, and the client may wait for another. Returns a function to call when that begins. */
  failed(error: unknown): () => void {
    const step = this.#step;
    if (this.#isClosed || classify(error, this.#retry) !== 'transient') return () => {};
    step.failed();
    const failed = { error };
    this.#failed = failed;
    clearTimeout(this.#timer);
    const isUnreachable = isUnreached(error) && !step.hasAnswered;
    const isHopeless = isUnreachable || (retryAfterMs(error) ?? 0) > step.remainingMs;
    this.#giveUpAfter(isHopeless ? 0 : step.remainingMs, error);
    return () => {
      if (this.#failed !== failed) return;
      this.continued();
      // A failure that was noticed only now, by this try.
      if (step.remainingMs <= 0) this.#on.gaveUp(error);
    };
  }

  /** A model call ended with a response, which was no answer if that was reported. */
  answered(outputTokens: number): void {
    if (this.#failed !== undefined && outputTokens === 0) return;
    this.continued();
    this.#step.answered();
  }

  /** A client has begun another try. */
  continued(): void {
    clearTimeout(this.#timer);
    if (this.#failed === undefined) return;
    const { error } = this.#failed;
    this.#failed = undefined;
    if (!this.#isClosed) this.#on.retried(error);
  }

  /** A client has given up: what follows is up to the program. */
  ended(): void {
    clearTimeout(this.#timer);
    this.#failed = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.ended();
  }

  #giveUpAfter(ms: number, error: unknown): void {
    const wait = Math.min(Math.max(ms, GRACE_MS), MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      // Other calls may have been answered meanwhile.
      const remainingMs = ms > 0 ? this.#step.remainingMs : 0;
      if (remainingMs > 0) this.#giveUpAfter(remainingMs, error);
      else this.#on.gaveUp(error);
    }, wait);
  }
}
