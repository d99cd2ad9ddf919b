import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maxInputTokens } from './max-input-tokens.ts';

const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 10 });
const bytesOf = (text: string) => Buffer.byteLength(text);

it('maxInputTokens counts every byte of texts and data, and an overhead per call and per piece', () => {
  fc.assert(
    fc.property(texts, (pieces) => {
      const bytes = pieces.reduce((sum, piece) => sum + bytesOf(piece), 0);
      expect(maxInputTokens(pieces)).toBe(1_000 + 50 * pieces.length + bytes);
      expect(maxInputTokens([{ pieces }])).toBe(1_050 + bytesOf(JSON.stringify({ pieces })));
    }),
  );
});

it('maxInputTokens leaves out what is undefined', () => {
  expect(maxInputTokens([undefined])).toBe(maxInputTokens([]));
});
