import { LONGEST_TIMER_MS } from './timeout.ts';

/** What can end a run from outside of the search. */
type Ending = 'aborted' | 'maxDurationMs' | 'runDirUnwritable';

/** The caller's signal, the deadline and the like as one signal, which is also aborted when the run is over. */
export class Lifetime {
  readonly #controller = new AbortController();
  readonly #stopListening: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #endedBy: Ending | undefined;

  constructor(signal: AbortSignal | undefined) {
    const abort = () => this.endBy('aborted', signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#stopListening = () => signal?.removeEventListener('abort', abort);
  }

  /** What ended the run from outside. By the clock: a program that waits for nothing keeps the timer from firing. */
  get endedBy(): Ending | undefined {
    if (performance.now() >= this.#deadline) this.#outOfTime();
    return this.#endedBy;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the run in so many milliseconds, or at once. */
  endAfter(ms: number): void {
    this.#deadline = performance.now() + ms;
    if (ms <= 0) this.#outOfTime();
    else this.#timer = setTimeout(() => this.#outOfTime(), Math.min(ms, LONGEST_TIMER_MS));
  }

  endBy(ending: Ending, reason: unknown): void {
    this.#endedBy ??= ending;
    this.#controller.abort(reason);
  }

  /** Stops whatever still runs. */
  end(): void {
    this.#stopListening();
    clearTimeout(this.#timer);
    this.#controller.abort(new Error('The run is over.'));
  }

  #outOfTime(): void {
    this.endBy('maxDurationMs', new Error('The run is out of time.'));
  }
}
