/** A signal that costs nothing unless somebody looks at it. */
export interface LazySignal {
  readonly signal: AbortSignal;
  /** Gives up on what it was made for, for a reason. */
  abandon(reason: unknown): void;
}

/** A longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Something that runs and may be given up on. */
class Watched implements LazySignal {
  deadline = Number.POSITIVE_INFINITY;
  #reject: ((reason: unknown) => void) | undefined;
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abandon(reason: unknown): void {
    this.#reject?.(reason);
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** It may have been given up before anybody waited for it. */
  heed(reject: (reason: unknown) => void): void {
    this.#reject = reject;
    if (this.#controller?.signal.aborted) reject(this.#controller.signal.reason);
  }
}

/**
 * Runs effects that end with the run and, if wanted, within a time of their own, whether or not they heed their
 * signal. All share one listener and one timer, so that watching a rollout costs next to nothing.
 */
export class Watch {
  /** In order of their deadlines, since all have the same time. */
  readonly #running = new Set<Watched>();
  readonly #signal: AbortSignal;
  readonly #timeoutMs: number;
  readonly #timeoutError: () => Error;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { signal: AbortSignal; timeoutMs?: number | undefined; timeoutError?: () => Error }) {
    this.#signal = options.signal;
    this.#timeoutMs = options.timeoutMs ?? Number.POSITIVE_INFINITY;
    this.#timeoutError = options.timeoutError ?? (() => new Error('Out of time.'));
    options.signal.addEventListener('abort', () => this.#abandonAll(), { once: true });
  }

  /** An effect that is done at once is not waited for. */
  run<T>(effect: (lazy: LazySignal) => Promise<T> | T): Promise<T> | T {
    this.#signal.throwIfAborted();
    const watched = new Watched();
    const outcome = effect(watched);
    return isThenable(outcome) ? this.#until(outcome, watched) : outcome;
  }

  #until<T>(outcome: PromiseLike<T>, watched: Watched): Promise<T> {
    return new Promise((resolve, reject) => {
      watched.heed(reject);
      // The effect itself may have ended the run.
      if (this.#signal.aborted) watched.abandon(this.#signal.reason);
      else this.#watch(watched);
      outcome.then(
        (value) => {
          this.#running.delete(watched);
          resolve(value);
        },
        (error) => {
          this.#running.delete(watched);
          reject(error);
        },
      );
    });
  }

  #watch(watched: Watched): void {
    if (this.#timeoutMs !== Number.POSITIVE_INFINITY) {
      watched.deadline = performance.now() + this.#timeoutMs;
    }
    this.#running.add(watched);
    this.#schedule();
  }

  /** The timer is left to fire when what it was set for has ended; then it is set for what runs by now. */
  #schedule(): void {
    if (this.#timer !== undefined || this.#timeoutMs === Number.POSITIVE_INFINITY) return;
    const [next] = this.#running;
    if (next === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#abandonLate();
        this.#schedule();
      },
      Math.min(LONGEST_TIMER_MS, Math.max(1, next.deadline - performance.now())),
    );
  }

  #abandonLate(): void {
    const now = performance.now();
    for (const watched of this.#running) {
      if (watched.deadline > now) return;
      this.#running.delete(watched);
      watched.abandon(this.#timeoutError());
    }
  }

  #abandonAll(): void {
    clearTimeout(this.#timer);
    for (const watched of this.#running) watched.abandon(this.#signal.reason);
    this.#running.clear();
  }
}

/** A promise of whatever make: not all libraries return native ones. */
function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
