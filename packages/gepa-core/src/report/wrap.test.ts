import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, wrapSpans, wrapText } from './wrap.ts';

const asIs = (text: string) => text;
const loud = (text: string) => `<${text}>`;

describe('wrapText', () => {
  it('wrapText breaks at white space and keeps indentation and line breaks', () => {
    expect(wrapText('  one two three\nfour', 9)).toEqual(['  one two', 'three', 'four']);
  });

  it('wrapText keeps every line within the width and drops only white space', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '語', '👍🏽', '-'), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 20 }), (line, width) => {
        const lines = wrapText(line, width);
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
        expect(lines.join('').replace(/\s/g, '')).toBe(line.replace(/\s/g, ''));
      }),
    );
  });

  it('wrapText does not change lines within the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (line) => {
        expect(wrapText(line, Number.POSITIVE_INFINITY)).toEqual(line.split('\n'));
      }),
    );
  });
});

describe('wrapSpans', () => {
  it('wrapSpans styles every line separately, and neighboring spans of one style together', () => {
    const spans = [
      { text: 'see ', paint: asIs },
      { text: 'this new', paint: loud },
      { text: ' word', paint: loud },
    ];
    expect(wrapSpans(spans, 8)).toEqual(['see <this>', '<new word>']);
  });

  it('wrapSpans does not break inside a word of several styles', () => {
    const spans = [
      { text: 'a pre', paint: asIs },
      { text: 'fix', paint: loud },
    ];
    expect(wrapSpans(spans, 7)).toEqual(['a', 'pre<fix>']);
  });
});

it('displayWidth counts columns as a terminal does', () => {
  expect(['abc', '語', 'é', 'e\u0301', '👍🏽'].map(displayWidth)).toEqual([3, 2, 1, 1, 2]);
});
