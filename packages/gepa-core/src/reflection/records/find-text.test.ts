import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findText } from './find-text.ts';

it('findText finds a text within a longer one', () => {
  expect(
    findText(
      'Answer the question in one short sentence.\n',
      undefined,
      'Hi. Answer the question in one short sentence. Now.',
    ),
  ).toEqual({
    start: 4,
    end: 46,
    values: {},
  });
  expect(
    findText(
      'Answer the question in one short sentence.',
      [],
      'Answer the other question in one short sentence.',
    ),
  ).toBeUndefined();
});

it.each([
  [
    'in the middle',
    'Known facts: {facts}\nAnswer now with one of the labels.',
    'Known facts: a, b\nAnswer now with one of the labels.',
    { facts: 'a, b' },
  ],
  [
    'at the end',
    'This is the ticket of a customer, read it:\n{ticket}',
    'This is the ticket of a customer, read it:\nHelp!\nNow.',
    { ticket: 'Help!\nNow.' },
  ],
  [
    'at the start',
    '{ticket}\nThe queue of it, which is one word, is this:',
    'Help!\nThe queue of it, which is one word, is this:',
    { ticket: 'Help!' },
  ],
])('findText returns the value of a placeholder %s', (_, text, sent, values) => {
  expect(findText(text, Object.keys(values), sent)).toEqual({ start: 0, end: sent.length, values });
});

it('findText does not look for texts with hardly any fixed characters', () => {
  expect(findText('{input}\nAnswer:', ['input'], 'Who?\nAnswer:')).toBeUndefined();
});

it('findText finds every template in its filled-in form', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '{', '}', '$', '.'), maxLength: 20 });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), piece, piece, (literals, value, around) => {
      const text = `The fixed part of it, which is long enough.${literals.join('{x}')}.`;
      const filled = `${around}${text.replaceAll('{x}', () => value)}${around}`;
      const found = findText(text, ['x'], filled);
      expect(found).toBeDefined();
      expect(filled.slice(found!.start, found!.end)).toMatch(
        /^The fixed part of it, which is long enough\.[\s\S]*\.$/,
      );
    }),
  );
});
