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
  it('a passage of eight words from an input is found whatever its case and punctuation', async () => {
    expect(
      await found('Route tickets. E.g. "my card was charged twice, for the SAME order" is billing.'),
    ).toEqual([{ passage: 'my card was charged twice, for the SAME order', exampleId: 'train:0' }]);
  });

  it('a longer passage is reported once and as a whole', async () => {
    const [only, ...rest] = await found(
      'Seen: My card was charged twice for the same order last Tuesday, please help me!',
    );
    expect(only?.passage).toBe('My card was charged twice for the same order last Tuesday, please help me');
    expect(rest).toEqual([]);
  });

  it('a whole short input or expected value is found', async () => {
    expect(await found('Q: Which river flows through Cairo? A: The Nile flows through Cairo.')).toEqual([
      { passage: 'Which river flows through Cairo', exampleId: 'train:1' },
      { passage: 'The Nile flows through Cairo', exampleId: 'train:1' },
    ]);
  });

  it('labels and short phrases may be in a text', async () => {
    expect(await found('Answer with billing or account. Reset my password now is account.')).toEqual([]);
  });

  it('what the seed had already is no copy', async () => {
    const seed = 'Example: My card was charged twice for the same order last Tuesday, please help me.';
    expect(await found(`${seed} Be brief.`, [seed])).toEqual([]);
  });

  it('what many examples share is no copy of one of them', async () => {
    const policy = 'Refunds are possible within thirty days of the purchase.';
    const shared = Array.from({ length: 20 }, (_, i) => ({
      id: `${i}`,
      example: { input: `${policy} Case ${i}` },
    }));
    expect(await copiedPassages(`Know this: ${policy}`, [], shared)).toEqual([]);
  });

  const questions = [
    ['Capital of France?', 'Paris'],
    ['Who wrote Emma?', 'Jane Austen'],
    ['Speed of light?', '299792 km/s'],
    ['Largest ocean?', 'the Pacific'],
    ['What is H2O?', 'water'],
    ['Boiling point of water?', '100'],
    ['Author of Faust?', 'Goethe'],
    ['Tallest mountain?', 'Everest'],
    ['Smallest prime?', '2'],
    ['Inventor of radio?', 'Marconi'],
  ].map(([question, answer], i) => ({ id: `q${i}`, example: { input: { question }, expected: answer } }));
  const copies = (text: string, of: readonly { id: string; example: unknown }[]) =>
    copiedPassages(text, [], of).then((found) => found.map(({ passage }) => passage));

  it('several short inputs are found, in whatever layout', async () => {
    const shots = questions
      .slice(0, 5)
      .map(({ example }) => `Q: ${example.input.question}\nA: ${example.expected}`);
    expect(await copies(`Answer in a few words.\n\n${shots.join('\n')}`, questions)).toEqual([
      'Capital of France',
      'Who wrote Emma',
      'Speed of light',
      'Largest ocean',
      'What is H2O',
    ]);
    const nested = questions.map(({ id, example }) => ({
      id,
      example: { input: [{ role: 'user', content: example.input.question }], expected: 'x' },
    }));
    expect(
      await copies('Such as: capital of france, who wrote emma, largest ocean, tallest mountain.', nested),
    ).toHaveLength(4);
  });

  it('single words are found where the expected value of several follows', async () => {
    const words = [
      ['apple', 'fruit'],
      ['carrot', 'vegetable'],
      ['leek', 'vegetable'],
      ['plum', 'fruit'],
      ['pear', 'fruit'],
    ].map(([input, expected], i) => ({ id: `w${i}`, example: { input, expected } }));
    expect(
      await copies('Sort food.\napple -> fruit\ncarrot -> vegetable\nPlum: it is a fruit', words),
    ).toEqual(['apple', 'carrot', 'Plum']);
    expect(
      await copies('An apple, a carrot or a plum is food. Answer with fruit or vegetable.', words),
    ).toEqual([]);
    const sums = [
      ['1+2', 3],
      ['7*8', 56],
      ['9-4', 5],
    ].map(([input, expected], i) => ({ id: `s${i}`, example: { input, expected } }));
    expect(await copies('1+2 = 3, 7*8 = 56, 9-4 = 5', sums)).toHaveLength(3);
    expect(await copies('5+2 = 7, 7*6 = 42, 8-4 = 4', sums)).toEqual([]);
  });

  it('a few short inputs, invented ones and expected answers may be in a text', async () => {
    expect(await copies('E.g. Capital of France? Paris. Largest ocean? The Pacific.', questions)).toEqual([]);
    expect(
      await copies(
        'E.g. Capital of Spain? Madrid. Who wrote Ulysses? Joyce. Speed of sound? Largest lake?',
        questions,
      ),
    ).toEqual([]);
    expect(
      await copies(
        `Answers are like ${questions.map(({ example }) => example.expected).join(', ')}.`,
        questions,
      ),
    ).toEqual([]);
  });

  it('labels may be listed, also long ones that few examples have, and values of other fields that choose from a set', async () => {
    const labels = [
      'Billing and payments',
      'Lost or stolen card for business customers',
      'Account access',
      'Data recovery',
      'Beta features and laboratory access for partners',
      'Retention',
      'Partners',
      'Grants',
    ];
    const tickets = Array.from({ length: 12 }, (_, i) => ({
      id: `t${i}`,
      example: {
        input: {
          plan: ['Basic plan', 'Pro plan', 'Team plan', 'Free plan'][i % 4],
          candidates: labels,
          ticket: `Ticket number ${i} about something of its own kind`,
        },
        expected: { queue: labels[i % 8], second: [labels[(i + 3) % 8]] },
      },
    }));
    const text = `Choose one of: ${labels.join('; ')}. Plans: Basic plan, Pro plan, Team plan, Free plan.`;
    expect(await copies(text, tickets)).toEqual([]);
  });

  it('a list of labels is no copy where each is the expected value of one example only', async () => {
    const labels = [
      'apple pay or google pay',
      'balance not updated after bank transfer',
      'balance not updated after cheque or cash deposit',
      'cash withdrawal not recognised by the customer',
    ];
    const questions = labels.map((expected, i) => ({
      id: `q${i}`,
      example: { input: `How ${i}?`, expected },
    }));
    expect(await copies(`Choose one of: ${labels.slice(1).join('; ')}.`, questions)).toEqual([]);
    expect(await copies(`Answer: ${labels[1]}`, questions)).toHaveLength(1);
  });

  it('rules in the words of short fields are no copies', async () => {
    const facts = [
      ['enterprise', 'outage', 'incidents'],
      ['education', 'refund', 'grants'],
      ['partner', 'access', 'partners'],
      ['standard', 'data', 'recovery'],
    ].map(([customer, issue, queue], i) => ({
      id: `f${i}`,
      example: { input: { customer, issue }, expected: queue },
    }));
    const text =
      'Enterprise with an outage: incidents. Education with a refund: grants. Partner: partners. Data: recovery.';
    expect(await copies(text, facts)).toEqual([]);
  });

  it('a passage without spaces between words is found', async () => {
    const chinese = [{ id: 'zh', example: { input: '我的信用卡被重复扣款了两次' } }];
    expect(await copiedPassages('例如：我的信用卡被重复扣款了两次。', [], chinese)).toEqual([
      { passage: '我的信用卡被重复扣款了两次', exampleId: 'zh' },
    ]);
  });

  it('every passage that is found stands in the text and never throws', async () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'é', '12', '—'), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(words, words, async (text, input) => {
        for (const { passage } of await copiedPassages(
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
