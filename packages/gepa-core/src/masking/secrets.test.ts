import { afterEach, expect, it, vi } from 'vitest';
import { environmentSecrets, secretsIn } from './secrets.ts';

afterEach(() => vi.unstubAllEnvs());

it.each<[string, unknown]>([
  ['an API key', { model: { openAIApiKey: 'the-secret' } }],
  ['a nested client config', { lc_kwargs: { clientConfig: { apiKey: 'the-secret' } } }],
  ['AWS credentials', { credentials: { accessKeyId: 'AKIA', secretAccessKey: 'the-secret' } }],
  ['an AWS session token', { credentials: { sessionToken: 'the-secret' } }],
  ['an Authorization header', { headers: { authorization: 'Bearer the-secret' } }],
  ['an instance of Headers', { headers: new Headers({ 'x-api-key': 'the-secret' }) }],
  ['a Map', new Map([['api_key', 'the-secret']])],
  ['a URL with a password', { baseURL: 'https://user:the-secret@models.example/v1' }],
  ['a URL with a key', { baseURL: 'https://models.example/v1?key=the-secret' }],
  ['a list of keys', { apiKeys: ['first-secret', 'the-secret'] }],
  ['a set of keys', { apiKeys: new Set(['the-secret']) }],
  ['a list of headers', { headers: [['x-api-key', 'the-secret']] }],
  ['a header for a gateway', { headers: { 'X-API-Token': 'the-secret' } }],
  ['a header for a function', { headers: { 'x-functions-key': 'the-secret' } }],
  ['a header with an access key', { headers: { 'x-access-key': 'the-secret' } }],
  ['a JSON web token', { jwt: 'the-secret' }],
  ['an auth option', { auth: 'the-secret' }],
  ['a private key', { authOptions: { credentials: { private_key: 'the-secret' } } }],
])('secretsIn finds the secret in %s', (_, value) => {
  expect(secretsIn([value])).toContain('the-secret');
});

it('secretsIn ignores short values, names of environment variables, getters and other fields', () => {
  const value = {
    apiKey: 'unused',
    azureApiKey: 'OPENAI_API_KEY',
    get token() {
      throw new Error('called');
    },
    model: 'gpt-4.1-mini',
    baseURL: 'https://models.example/v1?version=2025-01-01',
    stopToken: '<|endoftext|>',
    eos_token: '<|endoftext|>',
    tokens: ['<|endoftext|>'],
    maxTokens: 123_456_789,
  };
  expect(secretsIn(value)).toEqual([]);
});

it('secretsIn ignores an API key that is a single word, but no password, phrase or longer value', () => {
  const value = { a: { apiKey: 'simulated' }, b: { headers: { authorization: 'Bearer Anything' } } };
  expect(secretsIn(value)).toEqual([]);
  const secret = {
    password: 'swordfish',
    apiKey: 'not-needed',
    token: 'qwertyuiopasdfghj',
    'x-api-key': 'abcdefg1',
  };
  expect(secretsIn(secret)).toEqual(Object.values(secret));
});

it('secretsIn ends in a value that contains itself', () => {
  const value: Record<string, unknown> = { apiKey: 'the-secret' };
  value.self = value;
  expect(secretsIn(value)).toEqual(['the-secret']);
});

it.each(['OPENAI_API_KEY', 'GOOGLE_API_KEY', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'HF_TOKEN'])(
  'environmentSecrets finds the value of %s',
  (name) => {
    vi.stubEnv(name, 'the-secret');
    expect(environmentSecrets()).toContain('the-secret');
  },
);
