import { type FailureKind, failureKind, retryAfterMs } from './classify-error.ts';
import { MAX_TIMER_MS } from './timeout.ts';

/** The option `retry`: how transient failures (rate limits, overload, connections, timeouts) are retried. */
export interface RetryOptions {
  /** Retries of one call. Default 8, which outlasts an outage of about two minutes. */
  readonly retries?: number;
  /**
   * Milliseconds before the first retry, doubled for each later one. A random part of up to the same length is added, and
   * the server's `retry-after` is a minimum. Default 500.
   */
  readonly minDelayMs?: number;
  /**
   * The longest wait in milliseconds, also when the server asks for more; longer waits are cut to this, less a random part
   * of up to a quarter. Default 30,000.
   */
  readonly maxDelayMs?: number;
  /**
   * Classifies an error: `'transient'` is retried, `'refused'` ends the run, `'program'` scores the rollout as failed.
   * Return `undefined` to leave it to the default.
   */
  readonly classifyError?: (error: unknown) => FailureKind | undefined;
}

/** The kind of failure that an error is; `classifyError` takes precedence. */
export function classify(error: unknown, { classifyError }: RetryOptions): FailureKind {
  return classifyError?.(error) ?? failureKind(error);
}

/** Milliseconds to wait before a retry. */
export function delayMs(
  attempt: number,
  error: unknown,
  { minDelayMs = 500, maxDelayMs = 30_000 }: RetryOptions,
): number {
  const backoff = minDelayMs * 2 ** (attempt - 1);
  const least = Math.max(backoff, retryAfterMs(error) ?? 0);
  // With jitter, also when a server asks many callers to come back at the same moment, and at the cap.
  return least < maxDelayMs
    ? least + Math.min(backoff, maxDelayMs - least) * Math.random()
    : maxDelayMs * (1 - Math.random() / 4);
}

/** Rejects with the signal's reason when it is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(ms, MAX_TIMER_MS),
    );
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
