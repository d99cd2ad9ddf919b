import { describe, expect, it } from 'vitest';
import { RolloutError, RolloutTimeoutError } from '../errors.ts';
import { failureKind, isUnbilled, messageOf, retryAfterMs, sentence } from './classify-error.ts';

/** As OpenAI's: with no name of its own, and not always the message one expects. */
class APIConnectionTimeoutError extends Error {}
class APIConnectionError extends Error {}

const withFields = (fields: object, message = 'no') => Object.assign(new Error(message), fields);

describe('what kind of failure an error is', () => {
  it.each([
    ['a rate limit', withFields({ status: 429 })],
    ['a server error', withFields({ status: 503 })],
    ['a status under another name', withFields({ statusCode: 500 })],
    ['a request time-out', withFields({ status: 408 })],
    ['a lost connection', withFields({ code: 'ECONNRESET' })],
    ['a host that is not found', withFields({ code: 'ENOTFOUND' })],
    ['a host that is not found for now', withFields({ code: 'EAI_AGAIN' })],
    ['a connection error of an SDK', withFields({ name: 'APIConnectionError' })],
    ['a time-out of an SDK', withFields({ name: 'APIConnectionTimeoutError' })],
    ["a time-out of OpenAI's", new APIConnectionTimeoutError('Request timed out.')],
    ["a lost connection of OpenAI's", new APIConnectionError('Premature close')],
    ['an overload told in the midst of a stream', withFields({ type: 'overloaded_error' })],
    ['what its maker calls retryable', withFields({ name: 'AI_APICallError', isRetryable: true })],
    ['what LangChain marks so', withFields({ [Symbol.for('langchain.errors.retryable')]: true })],
    ['a time-out of ours', new RolloutTimeoutError('late')],
    ['a failed fetch', new TypeError('fetch failed', { cause: withFields({ code: 'ECONNREFUSED' }) })],
    [
      'a passing failure behind the last of several tries',
      withFields({ lastError: withFields({ statusCode: 503 }) }),
    ],
    ['a passing failure further down', new Error('step 2', { cause: withFields({ status: 529 }) })],
    ['a passing failure with its trace', new RolloutError('x', { cause: withFields({ status: 429 }) })],
  ])('%s passes', (_, error) => {
    expect(failureKind(error)).toBe('transient');
  });

  it.each([
    ['a refused key', withFields({ status: 401 })],
    ['a used-up quota of which LangChain keeps the name', withFields({ name: 'InsufficientQuotaError' })],
    ['a forbidden model', withFields({ status: 403 })],
    [
      'a used-up quota, though it comes as a rate limit',
      withFields({ status: 429, code: 'insufficient_quota' }),
    ],
    [
      'a used-up quota, as the AI SDK tells it',
      withFields({
        statusCode: 429,
        isRetryable: true,
        data: { error: { message: 'no', type: 'insufficient_quota', code: null } },
      }),
    ],
    ['an account without money', withFields({ status: 402 })],
    ['an unknown model', withFields({ status: 404, code: 'model_not_found' })],
    ['an unknown model of the AI SDK', withFields({ name: 'AI_APICallError', statusCode: 404 })],
    ['a key that was not given', withFields({ name: 'AI_LoadAPIKeyError' })],
  ])('%s is refused', (_, error) => {
    expect(failureKind(error)).toBe('refused');
  });

  it.each([
    ['a bug', new TypeError('x is undefined')],
    ['a bad request', withFields({ status: 400 })],
    ['an answer that cannot be parsed', new SyntaxError('Unexpected token')],
    ['a tool that finds nothing', withFields({ status: 404 })],
    [
      'what LangChain marks as beyond healing',
      withFields({ [Symbol.for('langchain.errors.retryable')]: false }),
    ],
    ['an object without a class', Object.create(null)],
    ['no error at all', undefined],
    ['a string', 'fetch failed'],
  ])("%s is the program's own", (_, error) => {
    expect(failureKind(error)).toBe('program');
  });

  it('an error that is its own cause is looked at all the same', () => {
    const error = new Error('round and round');
    error.cause = error;
    expect(failureKind(error)).toBe('program');
  });
});

describe('how long a server asks to wait', () => {
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
  ])('%o', (headers, expected) => {
    expect(retryAfterMs(new Error('outer', { cause: withFields({ headers }) }))).toBe(expected);
  });
});

describe('whether the provider did no work', () => {
  it.each([
    ['a rate limit', withFields({ status: 429 }), true],
    ['a server error further down', new Error('step 2', { cause: withFields({ statusCode: 500 }) }), true],
    ['a refused connection', withFields({ code: 'ECONNREFUSED' }), true],
    ['a lost connection', withFields({ code: 'ECONNRESET' }), false],
    ['an answer that broke off', withFields({ statusCode: 200 }, 'terminated'), false],
    ['a time-out', new RolloutTimeoutError('late'), false],
  ])('%s', (_, error, expected) => {
    expect(isUnbilled(error)).toBe(expected);
  });
});

it('a date to wait for counts from now', () => {
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
])('anything thrown has a message: %o', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

it('an object that cannot be written as JSON has a message too', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(messageOf(circular)).toBe('[object Object]');
  expect(messageOf(10n)).toBe('10');
});

it.each([
  ['Not found', 'Not found.'],
  ['Wrong key.', 'Wrong key.'],
  ['401 Unauthorized\n\nTroubleshooting: read the manual\n', '401 Unauthorized.'],
])('a message becomes a sentence: %j', (message, expected) => {
  expect(sentence(new Error(message))).toBe(expected);
});
