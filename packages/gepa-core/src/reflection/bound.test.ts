import { describe, expect, it } from 'vitest';
import type { Plain } from '../text/plain.ts';
import { bounded } from './bound.ts';
import { pruneLists } from './records/prune-lists.ts';
import { renderRecords } from './records/render.ts';

/** The values and characters in plain data. */
function sizeOf(value: Plain): number {
  if (typeof value !== 'object' || value === null) return 1 + String(value).length;
  return Object.entries(value).reduce((sum, [name, item]) => sum + name.length + sizeOf(item), 1);
}

const many = 200_000;
const long: Readonly<Record<string, Plain>> = {
  'a text': 'x'.repeat(many),
  'line breaks': '\n'.repeat(many),
  'a list of texts': Array.from({ length: many }, (_, id) => `text ${id}`),
  'a list of empty texts': Array.from({ length: many }, () => ''),
  'a list of numbers': Array.from({ length: many }, (_, id) => id),
  'a list of empty lists': Array.from({ length: many }, () => []),
  'many fields': Object.fromEntries(Array.from({ length: many }, (_, id) => [`field ${id}`, id])),
  'long names of fields': { ['x'.repeat(many)]: 1, ['y'.repeat(many)]: 2 },
  'lists in lists': Array.from({ length: 500 }, () => Array.from({ length: 400 }, (_, id) => `text ${id}`)),
  'long texts in lists': Array.from({ length: 200 }, (_, id) => `${id}${'x'.repeat(5_000)}`),
};

describe('bounded', () => {
  it.each(Object.entries(long))(
    '%s is cut to a multiple of maxCharacters, whatever its length',
    (_, value) => {
      expect(sizeOf(value)).toBeGreaterThanOrEqual(many);
      expect(sizeOf(bounded(value, 1_000))).toBeLessThan(20 * 1_000);
    },
  );

  it('data that could be shown is not changed', () => {
    const value = { list: ['a', { b: [1, 2] }], text: 'x'.repeat(1_000), gone: null };
    expect(bounded(value, 1_000)).toEqual(value);
  });

  it('lists keep their opening and latest entries, and a note counts the others', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'The task.' },
      ...Array.from({ length: 5_000 }, (_, id) => ({ role: 'tool', content: `result ${id}` })),
    ];
    const cut = bounded(messages, 600) as Plain[];
    expect(cut.slice(0, 2)).toEqual(messages.slice(0, 2));
    expect(cut.at(-1)).toEqual(messages.at(-1));
    expect(cut[2]).toBe(`[… ${(5_002 - (cut.length - 1)).toLocaleString('en-US')} earlier messages cut …]`);
  });

  it('notes add up when what is left is cut again', async () => {
    const entries = Array.from({ length: 5_000 }, (_, id) => `text ${id}`);
    expect(pruneLists(bounded(entries, 600), 1)).toEqual([
      'text 0',
      '[… 4,998 earlier entries cut …]',
      'text 4999',
    ]);
    const text = await renderRecords([{ Input: `${'a'.repeat(many)}${'b'.repeat(many)}` }], {
      maxCharacters: 600,
    });
    const [, cut] = /a+\[… ([\d,]+) characters cut …\]b+$/.exec(text)!;
    expect(Number(cut!.replaceAll(',', '')) + text.match(/a{9,}|b{9,}/g)!.join('').length).toBe(2 * many);
  });
});
