import { isUnreached, retryAfterMs } from './classify-error.ts';
import { classify, type RetryOptions } from './retry.ts';
import { MAX_TIMER_MS } from './timeout.ts';

/** A client that will not try again rejects by then, with an error that says more, or the program goes on without it. */
const GRACE_MS = 500;

/** Since when the tries of a step have failed, by `performance.now()`. */
export interface Failing {
  since?: number;
}

interface Attempt {
  readonly retry: RetryOptions;
  /** Shared with the other attempts of the step. */
  readonly failing: Failing;
  /** Whether such an attempt was ever answered. */
  hasAnswered(): boolean;
  /** The client tries again. */
  onRetry(error: unknown): void;
  /** Milliseconds until the run gives up, if nothing is answered. May be negative. */
  remainingMs(): number;
  /** Ends the attempt with the error of the last try. */
  giveUp(error: unknown): void;
}

/**
 * The retries that the clients of models make by themselves within one attempt. They end with the same deadline as those
 * of the run: not while a try is in flight, which may be answered, but while the client waits for the next one.
 */
export class ClientRetries {
  readonly #attempt: Attempt;
  #failed: { readonly error: unknown } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  /** A try failed, and the client may wait for another. Returns a function to call when that begins. */
  failed(error: unknown): () => void {
    const { retry } = this.#attempt;
    if (this.#isClosed || classify(error, retry) !== 'transient') return () => {};
    this.#attempt.failing.since ??= performance.now();
    const failed = { error };
    this.#failed = failed;
    clearTimeout(this.#timer);
    const { remainingMs, hasAnswered } = this.#attempt;
    const isHopeless = (isUnreached(error) && !hasAnswered()) || (retryAfterMs(error) ?? 0) > remainingMs();
    this.#giveUpAfter(isHopeless ? 0 : remainingMs(), error);
    return () => {
      if (this.#failed !== failed) return;
      this.continued();
      // A failure that was noticed only now, by this try.
      if (remainingMs() <= 0) this.#attempt.giveUp(error);
    };
  }

  /** A model call ended with a response, which was no answer if that was reported. */
  answered(outputTokens: number): void {
    if (this.#failed !== undefined && outputTokens === 0) return;
    this.continued();
    delete this.#attempt.failing.since;
  }

  /** A client has begun another try. */
  continued(): void {
    clearTimeout(this.#timer);
    if (this.#failed === undefined) return;
    const { error } = this.#failed;
    this.#failed = undefined;
    if (!this.#isClosed) this.#attempt.onRetry(error);
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
      const remainingMs = ms > 0 ? this.#attempt.remainingMs() : 0;
      if (remainingMs > 0) this.#giveUpAfter(remainingMs, error);
      else this.#attempt.giveUp(error);
    }, wait);
  }
}
