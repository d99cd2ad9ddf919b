import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shorten } from './shorten.ts';

describe('shorten', () => {
  it('leaves a text that has room as it is', () => expect(shorten('abc', 3)).toBe('abc'));

  it('cuts in the middle and says how much', () => {
    expect(shorten(`${'a'.repeat(1_000)}${'b'.repeat(1_000)}`, 60)).toBe(
      `${'a'.repeat(17)}[… 1,966 characters cut …]${'b'.repeat(17)}`,
    );
  });

  it('is never longer than it may be, or than the note; and keeps characters whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(400), (text, limit) => {
        const shortened = shorten(text, limit);
        expect(shortened.length).toBeLessThanOrEqual(Math.max(limit, Math.min(text.length, 26)));
        expect(shortened).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});
