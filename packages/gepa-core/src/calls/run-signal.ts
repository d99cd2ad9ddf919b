import { MAX_TIMER_MS } from './timeout.ts';

/** What can end a run from outside of the search. */
type Ending = 'aborted' | 'maxDurationMs' | 'runDirUnwritable';

/** One signal for the end of a run: the caller's signal, `maxDurationMs`, an unwritable run directory, or `end()`. */
export class RunSignal {
  readonly #controller = new AbortController();
  readonly #stopListening: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #endedBy: Ending | undefined;

  constructor(callerSignal: AbortSignal | undefined) {
    const abort = () => this.endBy('aborted', callerSignal?.reason);
    if (callerSignal?.aborted) abort();
    callerSignal?.addEventListener('abort', abort, { once: true });
    this.#stopListening = () => callerSignal?.removeEventListener('abort', abort);
  }

  /** What ended the run from outside. Reads the clock, since a program that never yields delays the timer. */
  get endedBy(): Ending | undefined {
    if (performance.now() >= this.#deadline) this.#timeOut();
    return this.#endedBy;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the run after a delay in milliseconds. */
  endAfter(ms: number): void {
    this.#deadline = performance.now() + ms;
    if (ms <= 0) this.#timeOut();
    else this.#timer = setTimeout(() => this.#timeOut(), Math.min(ms, MAX_TIMER_MS));
  }

  endBy(ending: Ending, reason: unknown): void {
    this.#endedBy ??= ending;
    this.#controller.abort(reason);
  }

  /** The run is over: aborts what still runs. */
  end(): void {
    this.#stopListening();
    clearTimeout(this.#timer);
    this.#controller.abort(new Error('The run is over.'));
  }

  #timeOut(): void {
    this.endBy('maxDurationMs', new Error('The run reached maxDurationMs.'));
  }
}
