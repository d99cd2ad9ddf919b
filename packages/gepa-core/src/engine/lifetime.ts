import { LONGEST_TIMER_MS } from '../effects/watch.ts';

/** What can end a run from outside of the search. */
type Ending = 'aborted' | 'maxDurationMs' | 'runDirUnwritable';

/** The caller's signal, the deadline and the like as one signal, which is also aborted when the run is over. */
export class Lifetime {
  readonly #controller = new AbortController();
  readonly #stopListening: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What ended the run from outside. */
  endedBy: Ending | undefined;

  constructor(signal: AbortSignal | undefined) {
    const abort = () => this.endBy('aborted', signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#stopListening = () => signal?.removeEventListener('abort', abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the run in so many milliseconds, or at once. */
  endAfter(ms: number): void {
    const outOfTime = () => this.endBy('maxDurationMs', new Error('The run is out of time.'));
    if (ms <= 0) outOfTime();
    else this.#timer = setTimeout(outOfTime, Math.min(ms, LONGEST_TIMER_MS));
  }

  endBy(ending: Ending, reason: unknown): void {
    this.endedBy ??= ending;
    this.#controller.abort(reason);
  }

  /** Stops whatever still runs. */
  end(): void {
    this.#stopListening();
    clearTimeout(this.#timer);
    this.#controller.abort(new Error('The run is over.'));
  }
}
