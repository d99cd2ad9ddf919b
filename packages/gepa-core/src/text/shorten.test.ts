// @module-tag slow
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shorten } from './shorten.ts';

describe('shorten', () => {
  it('shorten returns a text within the limit unchanged', () => expect(shorten('abc', 3)).toBe('abc'));

  it('shorten cuts the middle and notes how many characters were cut', () => {
    expect(shorten(`${'a'.repeat(1_000)}${'b'.repeat(1_000)}`, 60)).toBe(
      `${'a'.repeat(17)}[… 1,966 characters cut …]${'b'.repeat(17)}`,
    );
  });

  it('shorten never exceeds the limit or the length of the note, and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(400), (text, limit) => {
        const shortened = shorten(text, limit);
        expect(shortened.length).toBeLessThanOrEqual(Math.max(limit, Math.min(text.length, 26)));
        expect(shortened).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});
