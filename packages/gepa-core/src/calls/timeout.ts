/** Longer delays fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** What ends one attempt before its time. */
export interface AttemptSignal {
  /** Aborted with the run, on the timeout, or by `abort`. */
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
}

/**
 * Runs an attempt that ends with the run and within its timeout, even if it ignores its signal. An abandoned attempt goes
 * on by itself; its outcome is ignored.
 */
export async function withTimeout<T>(
  {
    runSignal,
    timeoutMs,
    timeoutError,
  }: {
    readonly runSignal: AbortSignal;
    readonly timeoutMs: number;
    readonly timeoutError: () => Error;
  },
  work: (attempt: AttemptSignal) => Promise<T> | T,
): Promise<T> {
  runSignal.throwIfAborted();
  const controller = new AbortController();
  let abort = (reason: unknown) => controller.abort(reason);
  const aborted = new Promise<never>((_, reject) => {
    abort = (reason) => {
      reject(reason);
      controller.abort(reason);
    };
  });
  const abortWithRun = () => abort(runSignal.reason);
  const timer = setTimeout(() => abort(timeoutError()), Math.min(timeoutMs, MAX_TIMER_MS));
  runSignal.addEventListener('abort', abortWithRun);
  try {
    return await Promise.race([work({ signal: controller.signal, abort }), aborted]);
  } finally {
    clearTimeout(timer);
    runSignal.removeEventListener('abort', abortWithRun);
  }
}
