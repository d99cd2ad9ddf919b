import { type Pause, pause } from '../calls/pause.ts';
import { MAX_TIMER_MS } from '../calls/timeout.ts';
import { RunError } from '../errors.ts';

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

  /** Ends the run after a delay in milliseconds, instead of an earlier such delay. */
  endAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#deadline = performance.now() + ms;
    if (ms <= 0) this.#timeOut();
    else if (ms < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#timeOut(), Math.min(ms, MAX_TIMER_MS));
  }

  endBy(ending: Ending, reason: unknown): void {
    this.#endedBy ??= ending;
    this.#controller.abort(reason);
  }

  /**
   * Pauses long work before the first call.
   *
   * @throws {RunError} when the run has ended: it has no result yet.
   */
  readonly pauseBeforeStart: Pause = async () => {
    await pause();
    if (this.endedBy === undefined) return;
    throw new RunError(
      `The run ended before its first call (${this.endedBy}), so that there is no result. Nothing was spent.`,
      { cause: this.signal.reason },
    );
  };

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
