// @module-tag slow
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffCandidates, diffTexts } from './diff.ts';
import { displayWidth } from './wrap.ts';

const word = fc.constantFrom('the', 'refund', 'is', 'billing', 'label', '.', '  ', '語');
const line = fc.array(word, { maxLength: 30 }).map((words) => words.join(' '));
const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n'));
const linesOf = (value: string) => (value === '' ? [] : value.split('\n'));
const whole = { collapse: false, width: Number.POSITIVE_INFINITY };

/** Reads one side of a rendered diff. */
function readSide(diff: string, which: '-' | '+'): string[] {
  const other = which === '-' ? /\{\+.*?\+\}/g : /\[-.*?-\]/g;
  const marks = which === '-' ? /\[-|-\]/g : /\{\+|\+\}/g;
  return diff
    .split('\n')
    .filter((row) => row[0] !== (which === '-' ? '+' : '-'))
    .map((row) => row.slice(2))
    .map((row) => row.replace(other, '').replace(marks, ''));
}

describe('diffTexts', () => {
  it('diffTexts without collapse shows every line of both texts', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== '' || after !== '');
        const diff = diffTexts(before, after, whole);
        expect(readSide(diff, '-')).toEqual(linesOf(before));
        expect(readSide(diff, '+')).toEqual(linesOf(after));
      }),
    );
  });

  it('diffTexts keeps every line within the width, with and without colors', () => {
    fc.assert(
      fc.property(
        text,
        text,
        fc.integer({ min: 24, max: 80 }),
        fc.boolean(),
        (before, after, width, color) => {
          for (const row of diffTexts(before, after, { width, color }).split('\n')) {
            expect(displayWidth(stripVTControlCharacters(row))).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });

  it('diffTexts marks changed words', () => {
    expect(diffTexts('Answer with the label.', 'Answer with a label.')).toBe(
      '~ Answer with [-the-]{+a+} label.',
    );
  });

  it('diffTexts with color colors changed words', () => {
    const diff = diffTexts('Answer with the label.', 'Answer with a label.', { color: true });
    expect(stripVTControlCharacters(diff)).toBe('~ Answer with thea label.');
    expect(diff).toContain('\u001b[31m\u001b[9mthe\u001b[29m\u001b[39m\u001b[32ma\u001b[39m');
  });

  it('diffTexts leaves out unchanged lines far from a change', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `Rule ${i}`);
    const diff = diffTexts(lines.join('\n'), lines.with(10, 'Something else').join('\n'));
    expect(diff.split('\n')).toEqual([
      '  … 8 unchanged lines',
      '  Rule 8',
      '  Rule 9',
      '- Rule 10',
      '+ Something else',
      '  Rule 11',
      '  Rule 12',
      '  … 7 unchanged lines',
    ]);
  });

  it('diffTexts does not replace fewer than three lines by a note', () => {
    expect(diffTexts('a\nb\nc\nd\nold', 'a\nb\nc\nd\nnew')).toBe('  a\n  b\n  c\n  d\n- old\n+ new');
  });

  it('diffTexts leaves out the middle of a long unchanged passage', () => {
    const passage = Array.from({ length: 100 }, (_, i) => `w${i}`).join(' ');
    const diff = diffTexts(`${passage} old`, `${passage} new`);
    expect(diff).toMatch(/^~ w0 w1 .* … .* w98 w99 \[-old-\]\{\+new\+\}$/s);
    expect(diff).not.toContain('w50');
    expect(diffTexts(`${passage} old`, `${passage} new`, { collapse: false })).toContain('w50');
  });

  it('diffTexts wraps long lines behind their marker', () => {
    const diff = diffTexts('', 'one two three four five six', { width: 20 });
    expect(diff.split('\n')).toEqual(['+ one two three four', '+   five six']);
  });

  it('diffTexts replaces control characters', () => {
    expect(diffTexts('', 'a\u001b[2Jb\rc')).toBe('+ a␛[2Jb␍c');
  });

  it('diffTexts shows a change of white space', () => {
    expect(diffTexts('same', 'same  ')).toBe('~ same{+  +}');
  });
});

describe('diffCandidates', () => {
  const seed = {
    classify: 'Give the label.',
    draft: 'Write an answer.',
    search: 'Finds pages.',
    close: 'Closes it.',
  };

  it('diffCandidates has a section for each changed component and a line for the others', () => {
    expect(diffCandidates(seed, { ...seed, classify: 'Give the label only.', draft: 'Be kind.' })).toBe(
      [
        '── classify ──',
        '~ Give the label{+ only+}.',
        '',
        '── draft ──',
        '- Write an answer.',
        '+ Be kind.',
        '',
        'Unchanged: search, close',
      ].join('\n'),
    );
  });

  it('diffCandidates of equal candidates lists all components as unchanged', () => {
    expect(diffCandidates(seed, seed)).toBe('Unchanged: classify, draft, search, close');
  });

  it('diffCandidates has no line for unchanged components if there are none', () => {
    expect(diffCandidates({ draft: 'a' }, { draft: 'b' })).toBe('── draft ──\n- a\n+ b');
  });
});

it('a diff shows bidirectional and zero-width characters escaped', () => {
  expect(diffTexts('Be kind.', 'Be\u200b kind\u202e.')).toContain('\\u200b');
  expect(diffTexts('Be kind.', 'Be\u200b kind\u202e.')).not.toMatch(/[\u200b\u202e]/);
});

it('a diff of two texts with 200,000 lines does not overflow the stack', () => {
  expect(diffTexts('a\n'.repeat(200_000), 'b\n'.repeat(200_000))).toContain('+ b');
});
