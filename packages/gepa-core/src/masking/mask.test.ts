import { expect, it } from 'vitest';
import { createMask, withoutKeys } from './mask.ts';

it('a mask applies redact to every string in plain data and nothing else', () => {
  const value = { name: 'Ann', list: ['Ann', 3, null, true], deeper: { Ann: 'of Ann' } };
  expect(createMask({ redact: (text) => text.replaceAll('Ann', '[name]') }).data(value)).toEqual({
    name: '[name]',
    list: ['[name]', 3, null, true],
    deeper: { Ann: 'of [name]' },
  });
});

it('a secret of words is masked where it stands alone, any other one wherever it occurs', () => {
  const mask = createMask({ secrets: ['local-models', 'abc12345'] });
  const text = 'local-models-7b, my_local-models, key=local-models&x, "local-models" and xabc12345x';
  expect(mask.message(text)).toBe('local-models-7b, my_local-models, key=[key]&x, "[key]" and x[key]x');
});

it.each([
  ['401 Incorrect API key provided: sk-proj-abc123DEF456.', '401 Incorrect API key provided: [key].'],
  ['Incorrect API key provided: my-own-key-12345', 'Incorrect API key provided: [key]'],
  ['header Authorization: Bearer abc.def-123456', 'header Authorization: Bearer [key]'],
  ['{"api_key":"0123456789abc"}', '{"api_key":"[key]"}'],
  ['key AIzaSyA1234567890abcdefghij', 'key [key]'],
  ['GET https://me:hunter2@models.example/v1', 'GET https://me:[key]@models.example/v1'],
  ['GET https://models.example/v1?key=0123456789abc&x=1', 'GET https://models.example/v1?key=[key]&x=1'],
  ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123-_x', 'token [key]'],
  ['The access key AKIAIOSFODNN7EXAMPLE is wrong.', 'The access key [key] is wrong.'],
  ['remote: ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'remote: [key]'],
  ['token xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy', 'token [key]'],
  ['The constraint PK_Customers is on the table.', 'The constraint PK_Customers is on the table.'],
  ['pk_names_before_sk-abcdefghij', 'pk_names_before_sk-abcdefghij'],
  ['pk-names-before-sk-abcdefghij', 'pk-names-before-[key]'],
  ['See https://models.example:8080/me@example.', 'See https://models.example:8080/me@example.'],
  ['The task asks for a risk-based answer.', 'The task asks for a risk-based answer.'],
  ['Use the API key of your account.', 'Use the API key of your account.'],
])('withoutKeys masks API keys and keeps other text: %s', (message, expected) => {
  expect(withoutKeys(message)).toBe(expected);
});
