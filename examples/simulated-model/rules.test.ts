import { describe, expect, it } from 'vitest';
import { readFields, readRules, support } from './rules.ts';

const fields = [
  { name: 'shelf', values: ['attic', 'cellar', 'kitchen'] },
  { name: 'care', values: ['none', 'some', 'great'] },
];

/** The effects of the rules that apply to a text. */
function asked(rules: string, text: string, facts: Readonly<Record<string, string>> = {}) {
  const known = new Map(Object.entries(facts));
  const all = [text, ...known.values()].join('\n');
  const applying = readRules(rules, fields, known).filter(
    (rule) => support(rule, [...known.values()], all) >= 0,
  );
  return Object.assign({}, ...applying.map(({ effects }) => effects));
}

describe('reading a rule', () => {
  it.each([
    'Tickets that mention glass or china go to the cellar shelf with care great.',
    'If they mention glass or china, set the shelf to cellar and the care to great.',
    'Set the care to great and the shelf to cellar when glass or china is mentioned.',
    'For glass or china: shelf = cellar, care = great.',
    'Glass or china → shelf = cellar, care = great.',
    'cellar, great <- glass, china',
    'if glass or china: shelf = cellar; care = great',
    'Send anything about glass or china to the cellar, with great care.',
    'Is it glass or china? Then choose cellar and great.',
  ])('readRules understands: %s', (rule) => {
    expect(asked(rule, 'A box of old china.')).toEqual({ shelf: 'cellar', care: 'great' });
    expect(asked(rule, 'The glasses of my aunt.')).toEqual({ shelf: 'cellar', care: 'great' });
    expect(asked(rule, 'A box of books.')).toEqual({});
  });

  it('a rule applies only if the known facts match', () => {
    const rule = 'If the owner is uncle and a chest is mentioned, the shelf is attic.';
    expect(asked(rule, 'A chest', { owner: 'uncle' })).toEqual({ shelf: 'attic' });
    expect(asked(rule, 'A chest of my uncle', { owner: 'aunt' })).toEqual({});
    expect(asked(rule, 'A lamp', { owner: 'uncle' })).toEqual({});
  });

  it('readRules understands amounts and exceptions', () => {
    const rule = 'Letters older than 3 months go to the attic unless they mention money.';
    expect(asked(rule, 'A letter, 20 weeks old.')).toEqual({ shelf: 'attic' });
    expect(asked(rule, 'A letter, 8 weeks old.')).toEqual({});
    expect(asked(rule, 'A letter, 20 weeks old. It is about money.')).toEqual({});
  });

  it('readRules reads several words as one cue, and ignores remarks', () => {
    const rule = 'An old music box is for the kitchen and not the attic, even if it is called a toy.';
    expect(asked(rule, 'We found a music box.')).toEqual({ shelf: 'kitchen' });
    expect(asked(rule, 'We found a tool box and a toy.')).toEqual({});
  });

  it('readRules reads lists under headings with the name of a field', () => {
    const rules = '**Shelf**\n- attic: letters; books\n- kitchen: cups\n\n**Owner**\n- aunt: cellar, lamps';
    expect(asked(rules, 'Some books')).toEqual({ shelf: 'attic' });
    expect(asked(rules, 'Two cups')).toEqual({ shelf: 'kitchen' });
    expect(asked(rules, 'Three lamps')).toEqual({});
  });

  it('readRules finds no rule in a list of values or in general text', () => {
    for (const statement of [
      'shelf: one of attic, cellar, kitchen',
      'Answer with JSON: {"shelf": "...", "care": "..."}',
      'Have a great day, and if it rains I sit in the attic.',
      'You sort parcels with great skill.',
    ]) {
      expect(readRules(statement, fields), statement).toEqual([]);
    }
  });

  it('readFields finds the fields in the JSON template, and their values in lists', () => {
    const text = 'shelf: one of attic, cellar or kitchen\nThe care may be none | some | great.\n';
    expect(readFields(`${text}{"shelf": "...", "care": ""}`)).toEqual(fields);
    expect(readFields(`Given {"owner": "aunt"}: {"shelf": "attic|cellar|kitchen"}`)).toEqual([fields[0]]);
  });
});
