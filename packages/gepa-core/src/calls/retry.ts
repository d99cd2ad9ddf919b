import { type FailureKind, failureKind, isUnreached, retryAfterMs } from './classify-error.ts';
import { MAX_TIMER_MS } from './timeout.ts';

/** The option `retry`: how transient failures (rate limits, overload, connections, timeouts) are retried. */
export interface RetryOptions {
  /**
   * Retries of one call. Default 8, which outlasts an outage of about two minutes. A call gives up earlier when no call of
   * its kind was answered for as long as these retries could wait (at least a minute), when the server asks for a longer
   * wait, and after 3 retries when the host was never reached. The same deadline ends a client of a model that retries by
   * itself, as soon as it waits for its next try.
   */
  readonly retries?: number | undefined;
  /**
   * Milliseconds before the first retry, doubled for each later one. A random part of up to the same length is added, and
   * the server's `retry-after` is a minimum. Default 500.
   */
  readonly minDelayMs?: number | undefined;
  /**
   * The longest wait in milliseconds, also when the server asks for more; longer waits are cut to this, less a random part
   * of up to a quarter. Default 30,000.
   */
  readonly maxDelayMs?: number | undefined;
  /**
   * Classifies an error: `'transient'` is retried, `'refused'` ends the run, `'program'` scores the rollout as failed.
   * Return `undefined` to leave it to the default.
   */
  readonly classifyError?: ((error: unknown) => FailureKind | undefined) | undefined;
}

/** The kind of failure that an error is; `classifyError` takes precedence. */
export function classify(error: unknown, { classifyError }: RetryOptions): FailureKind {
  return classifyError?.(error) ?? failureKind(error);
}

/** Fewer retries for a host that was never reached, so that a wrong port or host fails within seconds. */
const MAX_RETRIES_UNREACHED = 3;
/** At least this long, so that short delays do not cut off long attempts. */
const MIN_GIVE_UP_MS = 60_000;

/** The state of a call whose attempt failed for a transient reason. */
export interface FailedAttempt {
  /** Counted from 1. */
  readonly attempt: number;
  readonly error: unknown;
  /** Milliseconds since the call's first failure, or since any call of its kind was answered, if that was later. */
  readonly unansweredMs: number;
  /** Whether such an attempt was ever answered in this run. */
  readonly hasAnswered: boolean;
}

/**
 * What to do after a transient failure: the milliseconds to wait before a retry, `'unavailable'` when this call used up its
 * retries, or `'outage'` when the provider was silent for too long or waiting for it is useless.
 */
export function afterFailure(
  { attempt, error, unansweredMs, hasAnswered }: FailedAttempt,
  options: RetryOptions,
): number | 'unavailable' | 'outage' {
  if (attempt > (options.retries ?? 8)) return 'unavailable';
  if (!hasAnswered && attempt > MAX_RETRIES_UNREACHED && isUnreached(error)) return 'outage';
  const remaining = giveUpAfterMs(options) - unansweredMs;
  if ((retryAfterMs(error) ?? 0) > remaining) return 'outage';
  const wait = delayMs(attempt, error, options);
  return wait > remaining ? 'outage' : wait;
}

/** Milliseconds after which a call gives up although it has retries left: attempts take time too. */
export function giveUpAfterMs({ retries = 8, minDelayMs = 500, maxDelayMs = 30_000 }: RetryOptions): number {
  let sum = 0;
  // Later delays are all the same.
  const different = Math.min(retries, 50);
  for (let retry = 1; retry <= different; retry++) sum += Math.min(minDelayMs * 2 ** retry, maxDelayMs);
  sum += (retries - different) * (minDelayMs === 0 ? 0 : maxDelayMs);
  return Math.max(sum, MIN_GIVE_UP_MS);
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
