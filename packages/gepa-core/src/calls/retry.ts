import { RunError } from '../errors.ts';
import { type FailureKind, failureKind, retryAfterMs } from './classify-error.ts';
import { Interrupted } from './interruption.ts';
import type { ProviderHealth } from './outage.ts';

/** How passing failures (rate limits, overload, connections, timeouts) are tried again. */
export interface RetryOptions {
  /** Further tries after the first. Default 8, which outlasts an outage of about two minutes. */
  readonly retries?: number;
  /**
   * Milliseconds before the first further try; doubled for each later one. The wait is up to as much longer, at random,
   * and no shorter than the server asks (`retry-after`). Default 500.
   */
  readonly minDelayMs?: number;
  /**
   * Longest wait in milliseconds, also when a server asks for more; a wait that would be longer is up to a quarter
   * shorter than this, at random. Default 30,000.
   */
  readonly maxDelayMs?: number;
  /**
   * Says what kind of failure an error is, where you know better: `'transient'` is tried again, `'refused'` ends the
   * run, `'program'` scores the rollout as failed. Give `undefined` for what you do not know.
   */
  readonly classifyError?: (error: unknown) => FailureKind | undefined;
}

/** What kind of failure an error is; the caller's word goes first. */
export function kindOf(error: unknown, { classifyError }: RetryOptions): FailureKind {
  return classifyError?.(error) ?? failureKind(error);
}

export interface RetryPolicy {
  readonly options: RetryOptions;
  readonly signal: AbortSignal;
  readonly health: ProviderHealth;
  /** Told of each failure that is followed by a further try. */
  readonly onRetry: (attempt: number, error: unknown) => void;
  /** Asked before a further try until there is nothing to wait for; throws where there must be none. */
  readonly admit: () => Promise<void> | undefined;
}

/** Runs an effect, again while its failures are passing ones. */
export async function withRetry<T>(effect: () => Promise<T> | T, policy: RetryPolicy): Promise<T> {
  try {
    const result = await effect();
    policy.health.answered();
    return result;
  } catch (error) {
    return retryAfter(error, effect, policy);
  }
}

/**
 * Goes on after a first failure: runs the effect again while its failures are passing ones. A failure that is not, or
 * is one too many, is thrown as it is. (Not p-retry, which replaces what is no `Error`.)
 */
export async function retryAfter<T>(
  firstError: unknown,
  effect: () => Promise<T> | T,
  { options, signal, health, onRetry, admit }: RetryPolicy,
): Promise<T> {
  const { retries = 8 } = options;
  let error = firstError;
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) throw error;
    if (error instanceof Interrupted || RunError.isInstance(error)) {
      // It will not be answered, so nobody is to wait for that.
      health.end();
      throw error;
    }
    const kind = kindOf(error, options);
    if (kind === 'transient') health.failed();
    if (attempt > retries || kind !== 'transient') {
      health.gaveUp(kind, error);
      throw error;
    }
    onRetry(attempt, error);
    await sleep(delayMs(attempt, error, options), signal);
    try {
      for (let wait = admit(); wait !== undefined; wait = admit()) await wait;
    } catch (refusal) {
      health.end();
      throw refusal;
    }
    try {
      const result = await effect();
      health.answered();
      return result;
    } catch (nextError) {
      error = nextError;
    }
  }
}

/** How long to wait before a further try, in milliseconds. */
export function delayMs(
  attempt: number,
  error: unknown,
  { minDelayMs = 500, maxDelayMs = 30_000 }: RetryOptions,
): number {
  const backoff = minDelayMs * 2 ** (attempt - 1);
  const least = Math.max(backoff, retryAfterMs(error) ?? 0);
  // With jitter, also where many were told to come back at the same moment, and where the cap is reached.
  return least < maxDelayMs
    ? least + Math.min(backoff, maxDelayMs - least) * Math.random()
    : maxDelayMs * (1 - Math.random() / 4);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
