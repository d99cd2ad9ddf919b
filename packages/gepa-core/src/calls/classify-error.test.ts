import { describe, expect, it } from 'vitest';
import { RolloutError, RolloutTimeoutError } from '../errors.ts';
import { messageOf, sentence } from '../text/error-message.ts';
import { failureKind, isUnbilled, modelCallError, retryAfterMs } from './classify-error.ts';

/** Like those of the OpenAI SDK: they do not set `name`, and their messages vary. */
class APIConnectionTimeoutError extends Error {}
class APIConnectionError extends Error {}

const withFields = (fields: object, message = 'no') => Object.assign(new Error(message), fields);

describe('failureKind', () => {
  it.each([
    ['a rate limit', withFields({ status: 429 })],
    ['a server error', withFields({ status: 503 })],
    ['a server error in `statusCode`', withFields({ statusCode: 500 })],
    ['a request timeout', withFields({ status: 408 })],
    ['a lost connection', withFields({ code: 'ECONNRESET' })],
    ['a host that is not found', withFields({ code: 'ENOTFOUND' })],
    ['a temporary failure to resolve a host', withFields({ code: 'EAI_AGAIN' })],
    ['a connection error of an SDK', withFields({ name: 'APIConnectionError' })],
    ['a timeout of an SDK', withFields({ name: 'APIConnectionTimeoutError' })],
    ['a timeout of the OpenAI SDK', new APIConnectionTimeoutError('Request timed out.')],
    ['a lost connection of the OpenAI SDK', new APIConnectionError('Premature close')],
    ['an overload in the middle of a stream', withFields({ type: 'overloaded_error' })],
    ['an error with `isRetryable: true`', withFields({ name: 'AI_APICallError', isRetryable: true })],
    [
      'an error that LangChain marks as retryable',
      withFields({ [Symbol.for('langchain.errors.retryable')]: true }),
    ],
    ['a port that cannot be opened', withFields({ code: 'EADDRNOTAVAIL' })],
    ['a limit of open files', withFields({ code: 'EMFILE' })],
    ['a response that is not HTTP', withFields({ code: 'HPE_INVALID_CONSTANT' })],
    ['a failed TLS handshake', withFields({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' })],
    ['a connection to a proxy', withFields({ code: 'UND_ERR_PRX_TLS' })],
    ['an untrusted certificate', withFields({ code: 'SELF_SIGNED_CERT_IN_CHAIN' })],
    ['a rollout timeout', new RolloutTimeoutError('late')],
    ['a failed fetch', new TypeError('fetch failed', { cause: withFields({ code: 'ECONNREFUSED' }) })],
    ['a server error in `lastError`', withFields({ lastError: withFields({ statusCode: 503 }) })],
    ['a server error as the cause', new Error('step 2', { cause: withFields({ status: 529 }) })],
    [
      'a rate limit as the cause of a RolloutError',
      new RolloutError('x', { cause: withFields({ status: 429 }) }),
    ],
  ])('%s is transient', (_, error) => {
    expect(failureKind(error)).toBe('transient');
  });

  it.each([
    ['an invalid key', withFields({ status: 401 })],
    ['an exhausted quota reported by LangChain', withFields({ name: 'InsufficientQuotaError' })],
    ['a forbidden model', withFields({ status: 403 })],
    [
      'an exhausted quota with the status of a rate limit',
      withFields({ status: 429, code: 'insufficient_quota' }),
    ],
    [
      'an exhausted quota reported by the AI SDK',
      withFields({
        statusCode: 429,
        isRetryable: true,
        data: { error: { message: 'no', type: 'insufficient_quota', code: null } },
      }),
    ],
    ['an account without credit', withFields({ status: 402 })],
    ['an unknown model', withFields({ status: 404, code: 'model_not_found' })],
    ['an unknown model reported by the AI SDK', withFields({ name: 'AI_APICallError', statusCode: 404 })],
    ['a missing key', withFields({ name: 'AI_LoadAPIKeyError' })],
  ])('%s is a refusal', (_, error) => {
    expect(failureKind(error)).toBe('refused');
  });

  it.each([
    ['a bug', new TypeError('x is undefined')],
    ['a bad request', withFields({ status: 400 })],
    ['an answer that cannot be parsed', new SyntaxError('Unexpected token')],
    ['a tool that finds nothing', withFields({ status: 404 })],
    [
      'an error that LangChain marks as not retryable',
      withFields({ [Symbol.for('langchain.errors.retryable')]: false }),
    ],
    ['an object without a class', Object.create(null)],
    ['no error at all', undefined],
    ['a string', 'fetch failed'],
  ])('%s is a failure of the program', (_, error) => {
    expect(failureKind(error)).toBe('program');
  });

  it('an error that is its own cause is classified', () => {
    const error = new Error('circular');
    error.cause = error;
    expect(failureKind(error)).toBe('program');
  });
});

describe('retryAfterMs', () => {
  it.each([
    [new Headers({ 'retry-after': '3' }), 3_000],
    [new Headers({ 'retry-after-ms': '40' }), 40],
    [{ 'retry-after': '0.5' }, 500],
    [{ get: (name: string) => (name === 'retry-after' ? '2' : null) }, 2_000],
    [{ 'Retry-After': '4' }, 4_000],
    [{ 'retry-after': 5 }, 5_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('retryAfterMs reads the headers %o as %s', (headers, expected) => {
    expect(retryAfterMs(new Error('outer', { cause: withFields({ headers }) }))).toBe(expected);
  });
});

describe('isUnbilled', () => {
  it.each([
    ['a rate limit', withFields({ status: 429 })],
    ['a server error as the cause', new Error('step 2', { cause: withFields({ statusCode: 500 }) })],
    ['a refused connection', withFields({ code: 'ECONNREFUSED' })],
  ])('a call that fails with %s is not billed', (_, error) => {
    expect(isUnbilled(error)).toBe(true);
  });

  it.each([
    ['a lost connection', withFields({ code: 'ECONNRESET' })],
    ['an interrupted response', withFields({ statusCode: 200 }, 'terminated')],
    ['a timeout', new RolloutTimeoutError('late')],
  ])('a call that fails with %s may be billed', (_, error) => {
    expect(isUnbilled(error)).toBe(false);
  });
});

it('a retry-after header with a date counts from now', () => {
  const responseHeaders = { 'retry-after': 'Mon, 01 Jan 2035 00:00:30 GMT' };
  const now = () => Date.parse('2035-01-01T00:00:00Z');
  expect(retryAfterMs(withFields({ responseHeaders }), now)).toBe(30_000);
});

it.each([
  [new Error('broken'), 'broken'],
  [new TypeError(), 'TypeError'],
  ['just words', 'just words'],
  [{ reason: 1 }, '{"reason":1}'],
  [undefined, 'undefined'],
])('messageOf finds a message in any thrown value: %o', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

it('messageOf falls back to String for values that JSON cannot represent', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(messageOf(circular)).toBe('[object Object]');
  expect(messageOf(10n)).toBe('10');
});

it.each([
  ['Not found', 'Not found.'],
  ['Wrong key.', 'Wrong key.'],
  ['401 Unauthorized\n\nTroubleshooting: read the manual\n', '401 Unauthorized.'],
])('sentence ends a message with a single period: %j', (message, expected) => {
  expect(sentence(new Error(message))).toBe(expected);
});

it.each([
  [400, 'The requested model is not supported.'],
  [404, 'No endpoints found for vendor/m.'],
  [400, 'Your organization must be verified to use the model `m`.'],
  [429, 'You have exceeded your monthly quota. Upgrade your plan.'],
  [400, 'You have reached your specified API usage limits. You will regain access on 2027-01-01.'],
  [400, 'Your account is past due. Please update your payment method.'],
  [400, 'Operation not allowed'],
  [400, 'Access to these models is not allowed from unsupported countries.'],
])('the status %d with "%s" is refused', (status, message) => {
  expect(failureKind(withFields({ status }, message))).toBe('refused');
});

it('a token that an OAuth server refuses is refused', () => {
  expect(failureKind(withFields({ response: { status: 400, data: { error: 'invalid_grant' } } }))).toBe(
    'refused',
  );
});

it.each([
  ['an untrusted certificate', withFields({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }), 'refused'],
  ['an invalid address', withFields({ code: 'ERR_INVALID_URL' }), 'refused'],
  ['a proxy that refuses', withFields({ status: 407 }), 'refused'],
  ['a missing key', new Error('Missing credentials. Please pass an `apiKey`.'), 'refused'],
  ['missing default credentials', new Error('Could not load the default credentials.'), 'refused'],
  ['a conflict', withFields({ status: 409 }), 'transient'],
  ['a bad request', withFields({ status: 400 }, "Unsupported value: 'temperature'"), undefined],
])("a model's client that fails with %s: %s", (_, error, kind) => {
  expect(modelCallError(error)?.failureKind).toBe(kind);
});
