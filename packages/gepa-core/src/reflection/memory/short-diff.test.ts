import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shortDiff } from './short-diff.ts';

it('a short diff shows the lines that were lost and gained, and nothing else', () => {
  expect(shortDiff('Be brief.\nUse JSON.\nEnd.', 'Be brief.\nUse YAML.\nQuote.\nEnd.', 400)).toBe(
    '- Use JSON.\n+ Use YAML.\n+ Quote.',
  );
});

it('a short diff splits long lines into sentences', () => {
  expect(shortDiff('Answer briefly. Use one word.', 'Answer briefly. Use one label.', 400)).toBe(
    '- Use one word.\n+ Use one label.',
  );
});

it('a short diff of a text that was rewritten shows only the new text', () => {
  expect(shortDiff('One.\nTwo.', 'Three.\nFour.', 400)).toBe('(all of the text is new)\n+ Three.\n+ Four.');
});

it('a short diff of equal texts is empty', () => {
  expect(shortDiff('Same.', 'Same.', 100)).toBe('');
});

it('a short diff is bounded and never throws', () => {
  const text = fc.array(fc.constantFrom('a.', 'b.', 'c', '\n', 'long '.repeat(50)), { maxLength: 80 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = shortDiff(before.join(' '), after.join(' '), 300);
      expect(diff.length).toBeLessThan(700);
    }),
  );
});

it('a short diff of texts with thousands of lines is fast and bounded', () => {
  const lines = (word: string) => Array.from({ length: 5_000 }, (_, i) => `${word} ${i}.`).join('\n');
  expect(shortDiff(`Same.\n${lines('old')}`, `Same.\n${lines('new')}`, 300).length).toBeLessThan(500);
});
