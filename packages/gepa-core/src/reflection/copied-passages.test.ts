import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copiedPassages } from './copied-passages.ts';

const examples = [
  {
    id: 'train:0',
    example: {
      input: 'My card was charged twice for the same order last Tuesday, please help me.',
      expected: 'billing',
    },
  },
  {
    id: 'train:1',
    example: { question: 'Which river flows through Cairo?', answer: 'The Nile flows through Cairo.' },
  },
  {
    id: 'train:2',
    example: { input: [{ role: 'user', content: 'Reset my password now' }], expected: 'account' },
  },
];

const found = (text: string, known: string[] = []) => copiedPassages(text, known, examples);

describe('copied passages', () => {
  it('a passage of eight words from an input is found whatever its case and punctuation', () => {
    expect(found('Route tickets. E.g. "my card was charged twice, for the SAME order" is billing.')).toEqual([
      { passage: 'my card was charged twice, for the SAME order', exampleId: 'train:0' },
    ]);
  });

  it('a longer passage is reported once and as a whole', () => {
    const [only, ...rest] = found(
      'Seen: My card was charged twice for the same order last Tuesday, please help me!',
    );
    expect(only?.passage).toBe('My card was charged twice for the same order last Tuesday, please help me');
    expect(rest).toEqual([]);
  });

  it('a whole short input or expected value is found', () => {
    expect(found('Q: Which river flows through Cairo? A: The Nile flows through Cairo.')).toEqual([
      { passage: 'Which river flows through Cairo', exampleId: 'train:1' },
      { passage: 'The Nile flows through Cairo', exampleId: 'train:1' },
    ]);
  });

  it('labels and short phrases may be in a text', () => {
    expect(found('Answer with billing or account. Reset my password now is account.')).toEqual([]);
  });

  it('what the seed had already is no copy', () => {
    const seed = 'Example: My card was charged twice for the same order last Tuesday, please help me.';
    expect(found(`${seed} Be brief.`, [seed])).toEqual([]);
  });

  it('what many examples share is no copy of one of them', () => {
    const policy = 'Refunds are possible within thirty days of the purchase.';
    const shared = Array.from({ length: 20 }, (_, i) => ({
      id: `${i}`,
      example: { input: `${policy} Case ${i}` },
    }));
    expect(copiedPassages(`Know this: ${policy}`, [], shared)).toEqual([]);
  });

  it('a passage without spaces between words is found', () => {
    const chinese = [{ id: 'zh', example: { input: '我的信用卡被重复扣款了两次' } }];
    expect(copiedPassages('例如：我的信用卡被重复扣款了两次。', [], chinese)).toEqual([
      { passage: '我的信用卡被重复扣款了两次', exampleId: 'zh' },
    ]);
  });

  it('every passage that is found stands in the text and never throws', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'é', '12', '—'), { maxLength: 60 });
    fc.assert(
      fc.property(words, words, (text, input) => {
        for (const { passage } of copiedPassages(
          text.join(' '),
          [],
          [{ id: 'x', example: input.join(' ') }],
        )) {
          expect(text.join(' ')).toContain(passage);
          expect(passage.length).toBeGreaterThan(8);
        }
      }),
    );
  });
});
