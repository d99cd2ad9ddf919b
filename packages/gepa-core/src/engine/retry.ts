import pRetry from 'p-retry';
import { failureKind, messageOf, retryAfterMs } from './failures.ts';

/** How passing failures (rate limits, overload, connections, timeouts) are tried again. */
export interface RetryOptions {
  /** Further tries after the first. Default 4. */
  readonly retries?: number;
  /** Milliseconds before the first further try; doubled for each later one, with jitter. Default 500. */
  readonly minDelayMs?: number;
  /** Longest wait in milliseconds, also when a server asks for more. Default 30,000. */
  readonly maxDelayMs?: number;
}

/** Runs an effect, again while its failures are passing ones. Ends at once when the signal is aborted. */
export function withRetry<T>(
  effect: () => Promise<T>,
  { retries = 4, minDelayMs = 500, maxDelayMs = 30_000 }: RetryOptions,
  signal: AbortSignal,
  onRetry: (attempt: number, error: Error) => void,
): Promise<T> {
  const attempt = () => raceAbort(effect(), signal).catch((error: unknown) => Promise.reject(asError(error)));
  return pRetry(attempt, {
    retries,
    minTimeout: minDelayMs,
    maxTimeout: maxDelayMs,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => !signal.aborted && failureKind(error) === 'transient',
    async onFailedAttempt({ error, attemptNumber, retriesLeft }) {
      if (retriesLeft === 0 || signal.aborted || failureKind(error) !== 'transient') return;
      onRetry(attemptNumber, error);
      const wait = Math.min(retryAfterMs(error) ?? 0, maxDelayMs);
      if (wait > minDelayMs) await sleep(wait - minDelayMs, signal);
    },
  });
}

/** p-retry replaces what is no `Error`, message and all. */
function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown), { cause: thrown });
}

/** Settles with the promise, or rejects as soon as the signal is aborted, however long the promise takes. */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {});
    throw signal.reason;
  }
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort!);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return raceAbort(new Promise((resolve) => setTimeout(resolve, ms)), signal);
}
