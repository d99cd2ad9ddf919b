import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holds } from './conditions.ts';
import { inOwnWords } from './reflection-behaviour.ts';
import { readRule } from './rules.ts';

const fields = [
  { name: 'shelf', values: ['attic', 'cellar', 'kitchen'] },
  { name: 'care', values: ['none', 'some', 'great'] },
];

const read = (sentence: string) => readRule(sentence, fields, ['owner']);

describe('reading a rule', () => {
  it.each([
    'Tickets that mention glass or china go to the cellar shelf with care great.',
    'If they mention glass or china, set the shelf to cellar and the care to great.',
    'Set the care to great and the shelf to cellar when glass or china is mentioned.',
    'For glass or china: shelf = cellar, care = great.',
    'Glass or china → shelf = cellar, care = great.',
    'House rule: Send glass or china to the cellar, with great care.',
  ])('understands: %s', (sentence) => {
    const rule = read(sentence);
    expect(new Set(rule?.effects.map(({ value }) => value))).toEqual(new Set(['cellar', 'great']));
    const applies = (text: string) => holds(rule!.condition, { text, facts: {} });
    expect(applies('A box of old china.')).toBe(true);
    expect(applies('A glass.')).toBe(true);
    expect(applies('A box of books.')).toBe(false);
  });

  it('understands facts, quantities, exceptions and prohibitions', () => {
    const subject = (text: string, owner = 'aunt') => ({ text, facts: { owner } });
    const fact = read('If the owner is uncle and a chest is mentioned, the shelf is attic.')!;
    expect(holds(fact.condition, subject('A chest', 'uncle'))).toBe(true);
    expect(holds(fact.condition, subject('A chest of my uncle'))).toBe(false);
    const old = read('Letters older than 3 months go to the attic unless they mention money.')!;
    expect(holds(old.condition, subject('A letter, 20 weeks old'))).toBe(true);
    expect(holds(old.condition, subject('A letter, 8 weeks old'))).toBe(false);
    expect(holds(old.exception, subject('It is about money.'))).toBe(true);
    expect(read('Never set the care to none when glass is mentioned.')?.forbids).toBe(true);
  });

  it('takes neither a list of values nor plain talk for a rule', () => {
    for (const sentence of [
      'shelf: one of attic, cellar, kitchen',
      'Answer with JSON: {"shelf": "...", "care": "..."}',
      'Have a great day, and if it rains I sit in the attic.',
      'You sort parcels with care.',
    ]) {
      expect(read(sentence), sentence).toBeUndefined();
    }
  });

  it('understands what it said in its own words as it was meant', () => {
    const noun = fc.constantFrom('glass', 'china', 'books', 'a lamp', 'an old chair', 'letters');
    const heard = fc.record({
      nouns: fc.uniqueArray(noun, { minLength: 1, maxLength: 3 }),
      shelf: fc.constantFrom('attic', 'cellar', 'kitchen'),
      care: fc.option(fc.constantFrom('none', 'some', 'great')),
      clause: fc.boolean(),
      key: fc.string(),
    });
    fc.assert(
      fc.property(heard, ({ nouns, shelf, care, clause, key }) => {
        const what = nouns.join(' or ');
        const extra = care === null ? '' : ` and the care is ${care}`;
        const sentence = clause
          ? `If the ticket mentions ${what}, the shelf is ${shelf}${extra}.`
          : `Tickets that mention ${what} go to shelf ${shelf}${care === null ? '' : ` with care ${care}`}.`;
        const rule = read(sentence)!;
        const again = read(inOwnWords(rule, key));
        expect(again?.effects).toEqual(rule.effects);
        expect(again?.condition).toEqual(rule.condition);
      }),
    );
  });
});
