import { GepaError } from '../errors.ts';
import { detailsOf, type ErrorLink, isObject, isUnreachedLink, linksOf } from '../text/error-links.ts';
import { messageOf } from '../text/error-message.ts';

/** The kind of a failure: transient, a refusal that no retry fixes, or the program's own. */
export type FailureKind = 'transient' | 'refused' | 'program';

const transientStatus = (status: number) =>
  status === 408 || status === 425 || status === 429 || status >= 500;
/** Codes of Node, undici, OpenAI, Anthropic, Google, and class names of the AWS SDK. */
const transientCodes =
  /^(ECONN(RESET|REFUSED|ABORTED)|ETIMEDOUT|EPIPE|EPROTO|ENOTFOUND|EAI_AGAIN|ENET(UNREACH|DOWN|RESET)|EHOST(UNREACH|DOWN)|EADDRNOTAVAIL|EMFILE|ENFILE|ENOBUFS|ERR_(HTTP2|SSL|SOCKET)_\w+|ERR_STREAM_PREMATURE_CLOSE|HPE_\w+|UND_ERR_((CONNECT|HEADERS|BODY)_TIMEOUT|SOCKET|CLOSED|DESTROYED|PRX_TLS|INFO)|rate_limit_(exceeded|error)|MODEL_RATE_LIMIT|server_error|api_error|timeout_error|overloaded_error|RESOURCE_EXHAUSTED|UNAVAILABLE|DEADLINE_EXCEEDED|ABORTED|INTERNAL)$/;
/** A certificate that the client does not trust, such as that of a company's proxy. */
const certificateCodes =
  /^(CERT_\w+|UNABLE_TO_(GET|VERIFY|DECODE|DECRYPT)_\w+|(DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|ERR_TLS_\w+)$/;
const transientNames =
  /^(API)?(Connection(Timeout)?|RateLimit(Capacity)?|InternalServer|Overloaded)Error$|^(Rollout|Request)?TimeoutError$|^(Throttling|ThrottledException|TooManyRequests|ServiceUnavailable|InternalServer|InternalFailure|ModelTimeout|ModelNotReady|ModelError|ModelStreamError|RequestTimeout)(Exception)?$|^AI_(EmptyResponseBody|InvalidResponseData)Error$/;
const transientMessages =
  /(^|: )(fetch failed|terminated|socket hang up|network error|connection error\.?)$/i;
const refusalCodes =
  /^(insufficient_quota|(invalid|expired)_api_key|(model|unknown_model|deployment)_not_found|DeploymentNotFound|invalid_model|model_decommissioned|not_found_error|MODEL_AUTHENTICATION|MODEL_NOT_FOUND|billing_(hard_limit_reached|not_active|error)|credit_balance_too_low|(account|organization)_(deactivated|disabled)|access_terminated|authentication_error|permission_error|invalid_grant|invalid_client|unauthorized_client|unsupported_country_region_territory|PERMISSION_DENIED|UNAUTHENTICATED|API_KEY_\w+|ACCESS_TOKEN_\w+|(SERVICE|BILLING)_DISABLED|CONSUMER_(SUSPENDED|INVALID))$/;
/** `InsufficientQuotaError`: some versions of LangChain keep nothing else of the provider's error. */
const refusalNames =
  /^AI_(LoadAPIKey|LoadSetting|NoSuchModel|NoSuchProvider)Error$|^InsufficientQuotaError$|^(AccessDenied|ExpiredToken|UnrecognizedClient|InvalidSignature|InvalidClientTokenId|MissingAuthenticationToken|ServiceQuotaExceeded)(Exception)?$|^(Credentials|Token)ProviderError$/;
/** Providers refuse with the status 400, 404 or 429 too, and then only the message gives the reason. */
const refusalMessages = [
  /api[ _-]?key[^\n]{0,60}(not valid|invalid|expired|missing|not found|revoked|disabled)/i,
  /(invalid|incorrect|expired|missing|no|revoked) (x-)?api[ _-]?key/i,
  /(credit balance|balance is)[^\n]{0,30}(too low|insufficient|exhausted|negative)/i,
  /insufficient[ _](credit|fund|balance|quota)|out of credits|(no|not enough|never purchased) credits|exceeded your (monthly |included )?(credit|spend)/i,
  /billing (hard limit|account|is not|not active|has not)|(enable|requires?|set ?up) billing|past due/i,
  /(reached|exceeded) your [^\n]{0,30}(usage limits?|(daily|weekly|monthly) (quota|limit))|exceeded your daily rate limit/i,
  /(organi[sz]ation|account)[^\n]{0,30} (must be|is not|not) verified/i,
  /no endpoints found/i,
  /(organi[sz]ation|account|project|workspace|consumer)[^\n]{0,60} (disabled|deactivated|suspended|not active|terminated)/i,
  /(location|country|region|territory)[^\n]{0,40} not supported|unsupported (countr|location|region|territor)/i,
  /(invalid|unknown|unsupported|no such) model\b|not a valid model|model identifier/i,
  /\bmodels?\b[^\n]{0,120}(not found|not exist|no longer|is invalid|decommissioned|deprecated|end of (its )?life|not (available|supported|enabled))/i,
  /on-demand throughput isn.t supported|access to the model/i,
  // Bedrock, of an account that may not call models.
  /^operation not allowed$/i,
];
/** What clients say without a key, before they send anything. */
const keylessMessage =
  /(api[ _-]?key|credentials?)[^\n]{0,60}(not found|missing|required|not set|must be)|(missing|no|could not (load|resolve)) [^\n]{0,30}(api[ _-]?key|credentials)/i;
/** OpenAI's message for an exhausted quota; Google has the same for limits per minute. */
const quotaMessage = /exceeded your current quota/i;
const ownCodes =
  /^(context_length_exceeded|string_above_max_length|content_filter|content_policy_violation|ResponsibleAIPolicyViolation)$/;
const ownMessages =
  /context[ _]length|context window|prompt is too long|input is too long|too large for model|exceeds the maximum number of tokens|content[ -](filter|management policy|policy)|moderation|flagged|safety system/i;

/** A call of a model's client that failed or brought no answer. Its kind is known, whatever its cause looks like. */
export class ModelCallError extends GepaError {
  static override readonly kind = 'ModelCallError';
  readonly failureKind: Exclude<FailureKind, 'program'>;

  constructor(message: string, failureKind: Exclude<FailureKind, 'program'>, options?: { cause?: unknown }) {
    super(message, options);
    this.failureKind = failureKind;
  }
}

/**
 * Distinguishes failures of the provider from those of the program, by status codes, error codes, classes and marks along
 * the chain of causes, and by messages where a provider gives nothing else. A refused key, an unknown model and an
 * exhausted quota are never scored.
 */
export function failureKind(error: unknown): FailureKind {
  const links = linksOf(error);
  const known = links.map(({ fields }) => fields.failureKind).find((kind) => kind !== undefined);
  if (known === 'transient' || known === 'refused') return known;
  if (links.some(isOwnFault)) return 'program';
  if (links.some(isRefusal)) return 'refused';
  return links.some(isTransient) ? 'transient' : 'program';
}

/**
 * The failure of a model's client that was called for an answer and threw. More is known than for any error: the status
 * 404 means an unknown model or a wrong address, and an error of parsing means that the response was not an answer.
 * @returns an error whose kind `failureKind` knows; undefined for a failure of the program, such as too long a context.
 */
export function modelCallError(error: unknown): ModelCallError | undefined {
  const kind = kindOfModelCall(error);
  if (kind === 'program') return undefined;
  const message = messageOf(error);
  return new ModelCallError(message, kind, { cause: error });
}

function kindOfModelCall(error: unknown): FailureKind {
  const kind = failureKind(error);
  const links = linksOf(error);
  if (links.some(({ codes }) => codes.some((code) => certificateCodes.test(code)))) return 'refused';
  if (kind !== 'program' || links.some(isOwnFault)) return kind;
  const status = links.find(({ status }) => status !== undefined)?.status;
  if (status === 409) return 'transient';
  if (status !== undefined) return [404, 407, 451].includes(status) ? 'refused' : 'program';
  if (links.some(isUnusable)) return 'refused';
  return links.some(isUnreadable) ? 'transient' : 'program';
}

/** No retry makes the client reach its provider: it has no key, or no valid address. */
function isUnusable({ codes, message }: ErrorLink): boolean {
  return codes.includes('ERR_INVALID_URL') || keylessMessage.test(message.slice(0, 200));
}

/** How clients fail on a response that is not an answer: an HTML page, an empty body, JSON without the answer. */
const unreadableNames = /^(SyntaxError|TypeError)$/;
const unreadableMessages =
  /^Did not receive done or success response|^(No|Empty) (message|chunks|response|completion|candidates?|choices?)\b|^Unexpected end of JSON|premature close|^\[object Object\]$/i;
/** Functions of the OpenAI SDK that parse the text of an answer by the program's schema. */
const parsersOfAnswers = /\bparse(ChatCompletion|ResponseFormat|TextFormat)\b/;

function isUnreadable({ fields, name, message }: ErrorLink): boolean {
  if (unreadableNames.test(name)) return !isOfParser(fields);
  // Google's answer without content gives a reason if the provider made one.
  const isEmpty = name === 'EmptyContentError' && fields.finishReason == null && fields.blockReason == null;
  return isEmpty || unreadableMessages.test(message);
}

function isOfParser({ stack }: ErrorLink['fields']): boolean {
  return typeof stack === 'string' && parsersOfAnswers.test(stack);
}

/** Whether the provider answered, and the client could not parse the text of the answer or found it cut off. */
export function isUnparsedAnswer(error: unknown): boolean {
  return linksOf(error).some(({ fields }) => isOfParser(fields));
}

/** Whether an error shows that the provider did no work: it answered with an error status, or was never reached. */
export function isUnbilled(error: unknown): boolean {
  return linksOf(error).some((link) => (link.status ?? 0) >= 400 || isRefusal(link) || isUnreachedLink(link));
}

/** Whether the provider was never reached: a wrong port or host, or no network. */
export function isUnreached(error: unknown): boolean {
  const links = linksOf(error);
  return (
    links.some(isUnreachedLink) ||
    // Google's client keeps nothing but the message.
    (links.some(({ message }) => /: fetch failed$/.test(message)) &&
      !links.some(({ codes }) => codes.length > 0))
  );
}

/** The wait that the server asks for, in milliseconds; `retry-after` is in seconds or a date. */
export function retryAfterMs(error: unknown, now: () => number = Date.now): number | undefined {
  for (const { fields } of linksOf(error)) {
    const response = [fields.response, fields.$response].find(isObject);
    const headers = fields.headers ?? fields.responseHeaders ?? response?.headers;
    const read = (name: string) => headerOf(headers, name);
    const after = read('retry-after') ?? '';
    const waits = [
      Number(read('retry-after-ms') ?? Number.NaN),
      Number(after || Number.NaN) * 1000,
      Date.parse(after) - now(),
      // Google: `"37s"` in a `RetryInfo`.
      ...detailsOf(fields).map(({ retryDelay }) => Number(String(retryDelay).replace(/s$/, '')) * 1000),
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

/** The request or the answer is at fault, whatever else the error looks like: too long, or blocked by a filter. */
function isOwnFault({ status, codes, message }: ErrorLink): boolean {
  if (codes.some((code) => ownCodes.test(code))) return true;
  const isRequestStatus = status !== undefined && [400, 403, 404, 413, 422].includes(status);
  return isRequestStatus && ownMessages.test(message);
}

function isRefusal(link: ErrorLink): boolean {
  const { status, codes, name, message, fields } = link;
  if (status !== undefined && status < 300) return false;
  if (status === 401 || status === 402 || status === 403) return true;
  // The AI SDK has no code for this: either the model or the endpoint was not found.
  if (status === 404 && name === 'AI_APICallError') return true;
  if (refusalNames.test(name) || codes.some((code) => refusalCodes.test(code))) return true;
  if (status !== 400 && status !== 404 && status !== 429) return false;
  if (refusalMessages.some((pattern) => pattern.test(message))) return true;
  return status === 429 && isExhausted(link, fields);
}

/** Whether a rate limit is a quota that no short wait renews. */
function isExhausted({ codes, message }: ErrorLink, fields: ErrorLink['fields']): boolean {
  const violations = detailsOf(fields).flatMap(({ violations }) =>
    Array.isArray(violations) ? violations : [],
  );
  if (violations.some((violation) => /PerDay/.test(violation?.quotaId))) return true;
  const isOfGoogle = codes.includes('RESOURCE_EXHAUSTED') || message.includes('GoogleGenerativeAI');
  return quotaMessage.test(message) && !isOfGoogle && retryAfterMs(fields) === undefined;
}

function isTransient({ status, codes, name, className, message, isMarkedRetryable }: ErrorLink): boolean {
  if (isMarkedRetryable) return true;
  if ([name, className].some((one) => transientNames.test(one))) return true;
  // A success status: the answer was cut off, or was none.
  if (status !== undefined) return status < 300 || transientStatus(status);
  return (
    codes.some((code) => transientCodes.test(code) || certificateCodes.test(code)) ||
    transientMessages.test(message)
  );
}
