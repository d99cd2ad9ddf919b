import { RolloutTimeoutError } from '../errors.ts';

/** Longer delays fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ends the attempts of a run with the run and within their timeout, even if they ignore their signals. */
export class AttemptTimeouts {
  readonly #runSignal: AbortSignal;
  readonly #timeoutMs: number;
  /** By start. An array, since a set that changes often keeps garbage alive until the next full collection. */
  readonly #running: Attempt[] = [];
  /** Attempts that limit their own time. */
  readonly #untimed = new Set<Attempt>();
  /** One timer and one listener for all attempts: to add and remove them for each takes as long as a whole call. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(runSignal: AbortSignal, timeoutMs: number) {
    this.#runSignal = runSignal;
    this.#timeoutMs = timeoutMs;
    runSignal.addEventListener('abort', () => {
      clearTimeout(this.#timer);
      for (const attempt of [...this.#running, ...this.#untimed]) attempt.abort(runSignal.reason);
    });
  }

  /**
   * Starts the clock of an attempt, unless it limits its own time.
   *
   * @throws when the run is over.
   */
  start(name: string, limitsTime = false): Attempt {
    this.#runSignal.throwIfAborted();
    const attempt = new Attempt(name, performance.now());
    if (limitsTime) {
      this.#untimed.add(attempt);
      return attempt;
    }
    this.#running.push(attempt);
    if (this.#timer === undefined) this.#setTimer(this.#timeoutMs);
    return attempt;
  }

  stop(attempt: Attempt): void {
    if (this.#untimed.delete(attempt)) return;
    this.#running.splice(this.#running.indexOf(attempt), 1);
    if (this.#running.length > 0) return;
    // It would keep the process alive.
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #setTimer(ms: number): void {
    this.#timer = setTimeout(() => this.#abortOverdue(), Math.min(ms, MAX_TIMER_MS));
  }

  /** Attempts reach their timeout in the order of their starts, since it is the same for all. */
  #abortOverdue(): void {
    this.#timer = undefined;
    const startedBefore = performance.now() - this.#timeoutMs;
    const overdue = this.#running.filter(({ startedAt }) => startedAt <= startedBefore);
    const next = this.#running[overdue.length];
    if (next !== undefined) this.#setTimer(next.startedAt - startedBefore);
    for (const attempt of overdue) {
      attempt.abort(new RolloutTimeoutError(`${attempt.name} did not end within ${this.#timeoutMs} ms.`));
    }
  }
}

/** One attempt. When it is abandoned, it goes on by itself; its outcome is ignored. */
export class Attempt {
  readonly name: string;
  readonly startedAt: number;
  readonly #controller = new AbortController();
  #reject: ((reason: unknown) => void) | undefined;

  constructor(name: string, startedAt: number) {
    this.name = name;
    this.startedAt = startedAt;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves with the work, or rejects as soon as the attempt is aborted. */
  run<T>(work: () => Promise<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      // Not `resolve(work())`, after which an abort could no longer reject.
      Promise.resolve(work()).then(resolve, reject);
    });
  }

  abort(reason: unknown): void {
    this.#reject?.(reason);
    this.#controller.abort(reason);
  }
}
