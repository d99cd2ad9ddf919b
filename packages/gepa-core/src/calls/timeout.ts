import { RolloutTimeoutError } from '../errors.ts';

/** Longer delays fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ends the attempts of a run with the run and within their timeout, even if they ignore their signals. */
export class AttemptTimeouts {
  readonly #runSignal: AbortSignal;
  readonly #timeoutMs: number;
  /** An array, since a set that changes often keeps garbage alive until the next full collection. */
  readonly #running: Attempt[] = [];

  constructor(runSignal: AbortSignal, timeoutMs: number) {
    this.#runSignal = runSignal;
    this.#timeoutMs = timeoutMs;
    // One listener for all attempts: to add and remove one for each takes longer than the rest of a call.
    runSignal.addEventListener('abort', () => {
      for (const attempt of [...this.#running]) attempt.abort(runSignal.reason);
    });
  }

  /**
   * Starts the clock of an attempt.
   *
   * @throws when the run is over.
   */
  start(name: string): Attempt {
    this.#runSignal.throwIfAborted();
    const attempt = new Attempt(name, this.#timeoutMs);
    this.#running.push(attempt);
    return attempt;
  }

  stop(attempt: Attempt): void {
    attempt.stopTimer();
    this.#running.splice(this.#running.indexOf(attempt), 1);
  }
}

/** One attempt. When it is abandoned, it goes on by itself; its outcome is ignored. */
export class Attempt {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(name: string, timeoutMs: number) {
    this.#timer = setTimeout(
      () => this.abort(new RolloutTimeoutError(`${name} did not end within ${timeoutMs} ms.`)),
      Math.min(timeoutMs, MAX_TIMER_MS),
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves with the work, or rejects as soon as the attempt is aborted. */
  run<T>(work: () => Promise<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      Promise.resolve(work()).then(resolve, reject);
    });
  }

  abort(reason: unknown): void {
    this.#reject?.(reason);
    this.#controller.abort(reason);
  }

  stopTimer(): void {
    clearTimeout(this.#timer);
  }
}
