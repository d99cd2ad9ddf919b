import { describe, expect, it } from 'vitest';
import { copyFinder, copyWarning, createLimits, type TextLimits } from './text-limits.ts';

const trainset = [
  { id: 'train:0', example: { input: 'the card was charged twice for the same order', expected: 'x' } },
];
const copied = copyFinder(['Seed.'], trainset);
const copy = 'E.g. the card was charged twice for the same order.';

function check(limits: TextLimits, text: string, more: { currentText?: string; isLast?: boolean } = {}) {
  return createLimits(limits, copied)({ name: 'a', text, currentText: 'Seed.', isLast: false, ...more });
}

describe('the limits on a new text', () => {
  it('a text longer than maxLength is refused with its length, for all components or by name', async () => {
    expect(await check({ maxLength: 4 }, 'seven!!')).toMatchObject({
      problem: 'too_long',
      message: expect.stringMatching(/"a" has 7 characters; at most \d+ are allowed/),
    });
    expect(await check({ maxLength: { b: 4 } }, 'seven!!')).toBeUndefined();
    expect(await check({ maxLength: { a: 7 } }, 'seven!!')).toBeUndefined();
  });

  it('a text that was too long from the start may stay as long', async () => {
    expect(await check({ maxLength: 4 }, 'eight!!!', { currentText: '12345678' })).toBeUndefined();
    expect(await check({ maxLength: 4 }, 'nine!!!!!', { currentText: '12345678' })).toBeDefined();
  });

  it('a text that validate refuses is refused with the reason, also one that was thrown', async () => {
    expect(
      await check({ validate: (text) => (text.includes('!') ? 'No exclamation marks.' : undefined) }, 'Hi!'),
    ).toEqual({
      problem: 'refused',
      message: 'The new text of "a" is refused: No exclamation marks.',
    });
    const validate = {
      a: () => {
        throw new Error('not valid');
      },
    };
    expect(await check({ validate }, 'Hi!')).toMatchObject({ message: expect.stringContaining('not valid') });
    expect(await check({ validate: () => undefined }, 'Hi!')).toBeUndefined();
  });

  it('a validate that returns something else ends the run with an error that says what to return', async () => {
    await expect(check({ validate: (async () => undefined) as never }, 'Hi!')).rejects.toThrow(
      'validate returned a promise. Return the reason to refuse the text as a string',
    );
  });

  it('a text that copies a training example is asked for again once, then let through', async () => {
    expect(await check({}, copy)).toMatchObject({
      problem: 'copied',
      message: expect.stringContaining('“the card was charged twice for the same order” (train:0)'),
    });
    expect(await check({}, copy, { isLast: true })).toBeUndefined();
    expect(await check({}, `${copy} More.`, { currentText: copy })).toBeUndefined();
  });
});

it('the warning of copies names the component, the passage and the example', async () => {
  expect(await copyWarning({ a: copy, b: 'Fine.' }, copied)).toBe(
    'The best candidate copies training examples: "a" has “the card was charged twice for the same order” (train:0). ' +
      'Its scores on them say little, and private data may be among them.',
  );
  expect(await copyWarning({ a: 'Fine.' }, copied)).toBeUndefined();
});
