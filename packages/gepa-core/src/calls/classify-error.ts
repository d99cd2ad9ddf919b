/** The kind of a failure: transient, a refusal that no retry fixes, or the program's own. */
export type FailureKind = 'transient' | 'refused' | 'program';

const transientStatus = (status: number) =>
  status === 408 || status === 425 || status === 429 || status >= 500;
const transientCodes =
  /^(ECONN(RESET|REFUSED|ABORTED)|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET)|rate_limit_(exceeded|error)|MODEL_RATE_LIMIT|server_error|overloaded_error)$/;
const unreachedCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
const transientNames =
  /^(API)?(Connection(Timeout)?|RateLimit|InternalServer|Overloaded)Error$|^(Rollout)?TimeoutError$/;
const transientMessages = /^(fetch failed|terminated|socket hang up|network error|connection error\.?)$/i;
const refusalCodes =
  /^(insufficient_quota|invalid_api_key|model_not_found|MODEL_AUTHENTICATION|MODEL_NOT_FOUND|billing_hard_limit_reached)$/;
/** `InsufficientQuotaError`: some versions of LangChain keep nothing else of the provider's error. */
const refusalNames = /^AI_(LoadAPIKey|LoadSetting|NoSuchModel|NoSuchProvider)Error$|^InsufficientQuotaError$/;
/** LangChain's mark on an error that a retry may fix. */
const langchainRetryable = Symbol.for('langchain.errors.retryable');

/**
 * Distinguishes failures of the provider from those of the program, by status codes, error codes, classes and marks along
 * the chain of causes. A refused key, an unknown model and an exhausted quota are never scored.
 */
export function failureKind(error: unknown): FailureKind {
  const chain = causesOf(error);
  if (chain.some(isRefusal)) return 'refused';
  return chain.some(isTransient) ? 'transient' : 'program';
}

/** Whether an error shows that the provider did no work: it answered with an error status, or was never reached. */
export function isUnbilled(error: unknown): boolean {
  return causesOf(error).some(
    (link) =>
      isErrorStatus(link.status ?? link.statusCode) ||
      isRefusal(link) ||
      codesOf(link).some((code) => matches(unreachedCodes, code)),
  );
}

/** An answer that is cut off or cannot be parsed has a success status. */
const isErrorStatus = (status: unknown) => typeof status === 'number' && status >= 400;

/** The wait that the server asks for, in milliseconds; `retry-after` is in seconds or a date. */
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
  const { get } = headers as Partial<Headers>;
  const value: unknown =
    typeof get === 'function'
      ? get.call(headers, name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as ErrorLike;
  if (typeof message === 'string' && message !== '') return message;
  if (error instanceof Error) return String(message || error.name);
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return String(error);
  }
}

/** The first paragraph of the message, as a sentence. */
export function sentence(error: unknown): string {
  const message = messageOf(error).trim();
  const paragraphEnd = message.search(/\n\s*\n/);
  let end = paragraphEnd < 0 ? message.length : paragraphEnd;
  while (end > 0 && '.!?'.includes(message[end - 1]!)) end--;
  return `${message.slice(0, end)}.`;
}

interface ErrorLike {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly lc_error_code?: unknown;
  readonly [langchainRetryable]?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly headers?: unknown;
  /** The AI SDK's name for `headers`. */
  readonly responseHeaders?: unknown;
  /** In the AI SDK: whether a retry may fix the error, and the provider's answer. */
  readonly isRetryable?: unknown;
  readonly data?: { readonly error?: { readonly code?: unknown; readonly type?: unknown } | null } | null;
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
    status === 402 ||
    status === 403 ||
    // The AI SDK has no code for this: either the model or the endpoint was not found.
    (status === 404 && error.name === 'AI_APICallError') ||
    codesOf(error).some((code) => matches(refusalCodes, code)) ||
    matches(refusalNames, error.name)
  );
}

function isTransient(error: ErrorLike): boolean {
  if (error.isRetryable === true || error[langchainRetryable] === true) return true;
  const status = error.status ?? error.statusCode;
  if (typeof status === 'number') return transientStatus(status);
  return (
    codesOf(error).some((code) => matches(transientCodes, code)) ||
    // OpenAI's errors have no own names.
    [error.name, classOf(error)].some((name) => matches(transientNames, name)) ||
    matches(transientMessages, error.message)
  );
}

function classOf(error: ErrorLike): unknown {
  return Object.getPrototypeOf(error)?.constructor?.name;
}

function codesOf({ code, type, lc_error_code, data }: ErrorLike): unknown[] {
  return [code, type, lc_error_code, data?.error?.code, data?.error?.type];
}

const matches = (pattern: RegExp, value: unknown) => typeof value === 'string' && pattern.test(value);
