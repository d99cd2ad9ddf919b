/** LangChain's mark on an error that a retry may fix. */
const langchainRetryable = Symbol.for('langchain.errors.retryable');

type Fields = Readonly<Record<PropertyKey, unknown>>;

/** One error of a chain of causes, with what clients put in different places. */
export interface ErrorLink {
  readonly fields: Fields;
  /** The HTTP status. A success status means that the client could not read the answer. */
  readonly status: number | undefined;
  /** Codes, types, names and reasons that providers give, in any case. */
  readonly codes: readonly string[];
  readonly name: string;
  /** Class names of the OpenAI SDK, whose errors have no own `name`. */
  readonly className: string;
  readonly message: string;
  readonly isMarkedRetryable: boolean;
}

/** How much of a message is searched for patterns. */
const MAX_MESSAGE_LENGTH = 4_000;
const MAX_LINKS = 16;

/** An error and its causes, the outermost first. */
export function linksOf(error: unknown): ErrorLink[] {
  const seen = new Set<unknown>();
  const queue = [error];
  const links: ErrorLink[] = [];
  for (let next = queue.shift(); links.length < MAX_LINKS; next = queue.shift()) {
    if (isObject(next) && !seen.has(next)) {
      seen.add(next);
      links.push(linkOf(next));
      // `lastError`: the AI SDK's `RetryError`. `errors`: `AggregateError`, one entry for each address of a host.
      queue.push(next.cause, next.lastError, ...(Array.isArray(next.errors) ? next.errors.slice(0, 4) : []));
    }
    if (queue.length === 0) break;
  }
  return links;
}

function linkOf(fields: Fields): ErrorLink {
  const bodies = bodiesOf(fields);
  const name = typeof fields.name === 'string' ? fields.name : '';
  const message = typeof fields.message === 'string' ? fields.message.slice(0, MAX_MESSAGE_LENGTH) : '';
  return {
    fields,
    status: statusOf(fields, bodies),
    codes: [fields, ...bodies].flatMap(codesIn),
    name,
    className: String(Object.getPrototypeOf(fields)?.constructor?.name ?? ''),
    message: [message, ...bodies.map(({ message }) => message)]
      .filter((text) => typeof text === 'string')
      .join('\n')
      .slice(0, 2 * MAX_MESSAGE_LENGTH),
    isMarkedRetryable: fields.isRetryable === true || fields[langchainRetryable] === true,
  };
}

/** The provider's answer, wherever the client keeps it: OpenAI, Anthropic, the AI SDK, axios, Mistral. */
function bodiesOf({ error, data, response, body, responseBody }: Fields): Fields[] {
  const responseData = isObject(response) ? response.data : undefined;
  const outer = [error, data, responseData, parsed(body), parsed(responseBody)].filter(isObject);
  return outer.flatMap((one) => [one, ...(isObject(one.error) ? [one.error] : [])]);
}

function parsed(body: unknown): unknown {
  if (typeof body !== 'string' || body.length > MAX_MESSAGE_LENGTH || !body.startsWith('{')) return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function statusOf(fields: Fields, bodies: readonly Fields[]): number | undefined {
  const { status, statusCode, status_code, $metadata, response, $response } = fields;
  const direct = [
    status,
    statusCode,
    status_code,
    ...[$metadata].filter(isObject).map(({ httpStatusCode }) => httpStatusCode),
    ...[response, $response].filter(isObject).flatMap((from) => [from.status, from.statusCode]),
  ].flatMap(asStatus);
  // LangChain adds the status 400 to some errors about an answer with status 200.
  const success = direct.find((one) => one >= 200 && one < 300);
  if (success !== undefined) return success;
  const nested = [fields, ...bodies].flatMap(({ code, status }) => [code, status]).flatMap(asStatus);
  return [...direct, ...nested.filter((one) => one >= 400)][0];
}

function asStatus(value: unknown): number[] {
  const isDigits = typeof value === 'string' && /^[1-5]\d\d$/.test(value);
  const status = typeof value === 'number' || isDigits ? Number(value) : Number.NaN;
  return Number.isInteger(status) && status >= 100 && status < 600 ? [status] : [];
}

function codesIn(from: Fields): string[] {
  const { code, type, status, lc_error_code, reason, Code, __type, error } = from;
  return [
    code,
    // OAuth: `invalid_grant`.
    error,
    type,
    status,
    lc_error_code,
    reason,
    Code,
    __type,
    ...detailsOf(from).map(({ reason }) => reason),
  ].filter((one) => typeof one === 'string');
}

/** Google's details of an error: a reason, a time to wait, the violated quotas. */
export function detailsOf({ errorDetails, details }: Fields): Fields[] {
  return [errorDetails, details].filter(Array.isArray).flat().slice(0, 20).filter(isObject);
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

const unreachedCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** Whether the link says that the provider was never reached. */
export function isUnreachedLink({ codes, message }: ErrorLink): boolean {
  // `fetch` refuses some ports.
  return message === 'bad port' || codes.some((code) => unreachedCodes.test(code));
}
