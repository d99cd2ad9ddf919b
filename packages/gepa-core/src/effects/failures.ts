/** What kind of failure an error is: a passing one, a refusal that no retry heals, or the program's own. */
export type FailureKind = 'transient' | 'refused' | 'program';

const transientStatus = (status: number) =>
  status === 408 || status === 425 || status === 429 || status >= 500;
const transientCodes =
  /^(ECONN(RESET|REFUSED|ABORTED)|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET)|rate_limit_exceeded|MODEL_RATE_LIMIT)$/;
const transientNames =
  /^(API)?(Connection(Timeout)?|RateLimit|InternalServer|Overloaded)Error$|^(Rollout)?TimeoutError$/;
const transientMessages = /^(fetch failed|terminated|socket hang up|network error|connection error\.?)$/i;
const refusalCodes =
  /^(insufficient_quota|invalid_api_key|model_not_found|MODEL_AUTHENTICATION|MODEL_NOT_FOUND|billing_hard_limit_reached)$/;

/**
 * Tells infrastructure from program by status codes, error codes and names along the chain of causes. A refused key,
 * an unknown model and a used-up quota are nobody's score either.
 */
export function failureKind(error: unknown): FailureKind {
  const chain = causesOf(error);
  if (chain.some(isRefusal)) return 'refused';
  return chain.some(isTransient) ? 'transient' : 'program';
}

/** How long the server asked to wait, in milliseconds; `retry-after` may be seconds or a date. */
export function retryAfterMs(error: unknown, now: () => number = Date.now): number | undefined {
  for (const { headers, responseHeaders } of causesOf(error)) {
    const read = (name: string) => headerOf(headers ?? responseHeaders, name);
    const after = read('retry-after') ?? '';
    const waits = [
      Number(read('retry-after-ms') ?? Number.NaN),
      Number(after || Number.NaN) * 1000,
      Date.parse(after) - now(),
    ];
    const wait = waits.find((ms) => ms >= 0 && ms < Number.POSITIVE_INFINITY);
    if (wait !== undefined) return wait;
  }
  return undefined;
}

function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const value = headers instanceof Headers ? headers.get(name) : (headers as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as ErrorLike;
  if (typeof message === 'string' && message !== '') return message;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return String(error);
  }
}

/** The message's first paragraph as a sentence to go on from. */
export function sentence(error: unknown): string {
  const [paragraph = ''] = messageOf(error)
    .trim()
    .split(/\n\s*\n/);
  return paragraph.replace(/[.!?]*$/, '.');
}

interface ErrorLike {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly lc_error_code?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly headers?: unknown;
  /** The AI SDK's name for it. */
  readonly responseHeaders?: unknown;
  readonly cause?: unknown;
  /** The AI SDK's `RetryError` keeps its cause here. */
  readonly lastError?: unknown;
}

function causesOf(error: unknown): ErrorLike[] {
  const chain: ErrorLike[] = [];
  let next = error;
  while (typeof next === 'object' && next !== null && chain.length < 10) {
    const link: ErrorLike = next;
    chain.push(link);
    next = link.cause ?? link.lastError;
  }
  return chain;
}

function isRefusal(error: ErrorLike): boolean {
  const status = error.status ?? error.statusCode;
  return (
    status === 401 ||
    status === 403 ||
    [error.code, error.lc_error_code].some((code) => matches(refusalCodes, code))
  );
}

function isTransient(error: ErrorLike): boolean {
  const status = error.status ?? error.statusCode;
  if (typeof status === 'number') return transientStatus(status);
  return (
    [error.code, error.lc_error_code].some((code) => matches(transientCodes, code)) ||
    matches(transientNames, error.name) ||
    matches(transientMessages, error.message)
  );
}

const matches = (pattern: RegExp, value: unknown) => typeof value === 'string' && pattern.test(value);
