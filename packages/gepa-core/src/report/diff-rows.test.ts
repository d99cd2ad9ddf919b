import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiffRow, diffRows } from './diff-rows.ts';

/** Rebuilds one of the compared texts. */
function side(rows: readonly DiffRow[], which: 'removed' | 'added'): string[] {
  return rows.flatMap((row) => {
    if (row.kind !== 'changed') return row.kind === 'same' || row.kind === which ? [row.text] : [];
    const parts = row.parts.filter(({ kind }) => kind === 'same' || kind === which);
    return [parts.map(({ text }) => text).join('')];
  });
}

const word = fc.constantFrom('the', 'refund', 'is', 'billing', 'label', ',', '.', '  ', '語', '👍');
const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
const text = fc.array(fc.oneof(line, fc.constant('')), { maxLength: 12 }).map((lines) => lines.join('\n'));
const linesOf = (value: string) => (value === '' ? [] : value.split('\n'));

describe('diffRows', () => {
  it('the rows of diffRows contain every line of both texts', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const rows = diffRows(before, after);
        expect(side(rows, 'removed')).toEqual(linesOf(before));
        expect(side(rows, 'added')).toEqual(linesOf(after));
      }),
    );
  });

  it('diffRows finds no change between equal texts', () => {
    fc.assert(
      fc.property(text, (same) => {
        expect(diffRows(same, same).every(({ kind }) => kind === 'same')).toBe(true);
      }),
    );
  });

  it('diffRows compares a removed line with the most similar added line', () => {
    const rows = diffRows('Answer with the label.', 'You know the shop.\nAnswer with the label only.');
    expect(rows).toEqual([
      { kind: 'added', text: 'You know the shop.' },
      {
        kind: 'changed',
        parts: [
          { kind: 'same', text: 'Answer with the label' },
          { kind: 'added', text: ' only' },
          { kind: 'same', text: '.' },
        ],
      },
    ]);
  });

  it('diffRows does not compare lines with few common words', () => {
    const rows = diffRows('Be brief.', 'Name the next step.');
    expect(rows.map(({ kind }) => kind)).toEqual(['removed', 'added']);
  });

  it('diffRows joins adjacent changed words', () => {
    const [row] = diffRows('Send a very long answer now to them', 'Send one short answer now to them');
    expect(row).toMatchObject({
      parts: [
        { kind: 'same', text: 'Send ' },
        { kind: 'removed', text: expect.stringMatching(/^a very long\s*$/) },
        { kind: 'added', text: expect.stringMatching(/^one short\s*$/) },
        { kind: 'same', text: expect.stringMatching(/^\s*answer now to them$/) },
      ],
    });
  });

  it('diffRows compares paragraphs across unchanged blank lines', () => {
    const rows = diffRows('Red.\n\nGreen.\n\nend', 'Salt.\n\nWater, and the refund rule.\n\nend');
    expect(rows.map(({ kind }) => kind)).toEqual([
      'removed',
      'added',
      'same',
      'removed',
      'added',
      'same',
      'same',
    ]);
  });

  it('diffRows of long texts with too many edits shows all lines as removed and added', () => {
    const many = (prefix: string) => Array.from({ length: 3_000 }, (_, i) => `${prefix} ${i}`).join('\n');
    const rows = diffRows(many('old'), many('new'));
    expect(rows).toHaveLength(6_000);
    expect(rows[0]).toEqual({ kind: 'removed', text: 'old 0' });
    expect(rows[3_000]).toEqual({ kind: 'added', text: 'new 0' });
  });
});
