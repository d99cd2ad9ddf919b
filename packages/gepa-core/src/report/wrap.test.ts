import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, wrapSpans, wrapText } from './wrap.ts';

const asIs = (text: string) => text;
const loud = (text: string) => `<${text}>`;

describe('wrapText', () => {
  it('breaks at white space and keeps indentation and line breaks', () => {
    expect(wrapText('  one two three\nfour', 9)).toEqual(['  one two', 'three', 'four']);
  });

  it('keeps every line within the width and loses nothing but white space', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '語', '👍🏽', '-'), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 20 }), (line, width) => {
        const lines = wrapText(line, width);
        expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
        expect(lines.join('').replace(/\s/g, '')).toBe(line.replace(/\s/g, ''));
      }),
    );
  });

  it('changes nothing where there is room', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (line) => {
        expect(wrapText(line, Number.POSITIVE_INFINITY)).toEqual(line.split('\n'));
      }),
    );
  });
});

describe('wrapSpans', () => {
  it('styles every line for itself, and neighbors of one style at once', () => {
    const spans = [
      { text: 'see ', paint: asIs },
      { text: 'this new', paint: loud },
      { text: ' word', paint: loud },
    ];
    expect(wrapSpans(spans, 8)).toEqual(['see <this>', '<new word>']);
  });

  it('does not break inside a word of several styles', () => {
    const spans = [
      { text: 'a pre', paint: asIs },
      { text: 'fix', paint: loud },
    ];
    expect(wrapSpans(spans, 7)).toEqual(['a', 'pre<fix>']);
  });
});

it('counts columns as a terminal does', () => {
  expect(['abc', '語', 'é', 'e\u0301', '👍🏽'].map(columnsOf)).toEqual([3, 2, 1, 1, 2]);
});
