import { expect, it } from 'vitest';
import { redacted, withoutKeys } from './redact.ts';

it('redacted masks every string in plain data and nothing else', () => {
  const value = { name: 'Ann', list: ['Ann', 3, null, true], deeper: { Ann: 'of Ann' } };
  expect(redacted(value, (text) => text.replaceAll('Ann', '[name]'))).toEqual({
    name: '[name]',
    list: ['[name]', 3, null, true],
    deeper: { Ann: 'of [name]' },
  });
});

it.each([
  ['401 Incorrect API key provided: sk-proj-abc123DEF456.', '401 Incorrect API key provided: [key].'],
  ['Incorrect API key provided: my-own-key-12345', 'Incorrect API key provided: [key]'],
  ['header Authorization: Bearer abc.def-123456', 'header Authorization: Bearer [key]'],
  ['{"api_key":"0123456789abc"}', '{"api_key":"[key]"}'],
  ['key AIzaSyA1234567890abcdefghij', 'key [key]'],
  ['The task asks for a risk-based answer.', 'The task asks for a risk-based answer.'],
  ['Use the API key of your account.', 'Use the API key of your account.'],
])('withoutKeys masks API keys and keeps other text: %s', (message, expected) => {
  expect(withoutKeys(message)).toBe(expected);
});
