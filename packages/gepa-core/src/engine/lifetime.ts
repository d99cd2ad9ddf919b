import { LONGEST_TIMER_MS } from '../effects/watch.ts';

/** The caller's signal and the deadline as one signal, which is also aborted when the run is over. */
export class Lifetime {
  readonly #startedAt = performance.now();
  readonly #controller = new AbortController();
  readonly #stopListening: () => void;
  /** The bound that ended the run from outside. */
  endedBy: 'aborted' | 'maxDurationMs' | undefined;

  constructor(signal: AbortSignal | undefined, maxDurationMs: number | undefined) {
    const abort = () => this.#endBy('aborted', signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const timer =
      maxDurationMs === undefined
        ? undefined
        : setTimeout(
            () => this.#endBy('maxDurationMs', new Error('The run is out of time.')),
            Math.min(maxDurationMs, LONGEST_TIMER_MS),
          );
    this.#stopListening = () => {
      signal?.removeEventListener('abort', abort);
      clearTimeout(timer);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Stops whatever still runs. */
  end(): void {
    this.#stopListening();
    this.#controller.abort(new Error('The run is over.'));
  }

  #endBy(bound: 'aborted' | 'maxDurationMs', reason: unknown): void {
    this.endedBy ??= bound;
    this.#controller.abort(reason);
  }
}
