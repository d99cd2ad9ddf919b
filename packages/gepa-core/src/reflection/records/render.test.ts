// @module-tag slow
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderRecords } from './render.ts';

const many = (text: string, times: number) => text.repeat(times);

describe('renderRecords', () => {
  it('renderRecords numbers the examples, writes a heading for each key, and puts the score in that of the example', async () => {
    expect(
      await renderRecords([
        { Input: 'How much?', Score: 0.5 },
        { Input: 'Who?', Feedback: 'Say who.' },
      ]),
    ).toBe(
      '## Example 1 (score 0.5)\n\n### Input\n\nHow much?\n\n' +
        '## Example 2\n\n### Input\n\nWho?\n\n### Feedback\n\nSay who.',
    );
  });

  it('renderRecords indents lists and fields', async () => {
    const Input = {
      question: 'How much?',
      lines: [
        { sku: 'a', prices: [1, 2] },
        { sku: 'b', notes: [] },
      ],
      gone: undefined,
    };
    expect(await renderRecords([{ Input, Empty: '' }])).toBe(
      [
        '## Example 1\n\n### Input\n',
        'question: How much?',
        'lines:',
        '  - sku: a',
        '    prices:',
        '      [1,2]',
        '  - sku: b',
        '    notes: []',
        '\n### Empty\n\n(empty)',
      ].join('\n'),
    );
  });

  it('renderRecords writes a few short fields on one line, and a message as its content under its role', async () => {
    const Answer = { queue: 'labs', nested: { priority: 1 }, text: 'a, b' };
    const messages = [
      { role: 'user', content: 'Who?' },
      { role: 'ai', content: 'So:\nAda' },
    ];
    expect(
      await renderRecords([{ Input: { queue: 'labs', nested: { priority: 1 } }, Answer, messages }]),
    ).toBe(
      [
        '## Example 1',
        '### Input\n\nqueue: labs, nested: { priority: 1 }',
        '### Answer\n\nqueue: labs\nnested: { priority: 1 }\ntext: a, b',
        '### messages\n\n- user: Who?\n- ai:\n    ```\n    So:\n    Ada\n    ```',
      ].join('\n\n'),
    );
  });

  it.each([
    ['several lines', 'one\ntwo', '```\none\ntwo\n```'],
    ['a heading', '# Title', '```\n# Title\n```'],
    ['a fence', '```js\nx\n```', '````\n```js\nx\n```\n````'],
    ['an unclosed fence', 'so:\n`````', '``````\nso:\n`````\n``````'],
    ['a list', '- one', '```\n- one\n```'],
  ])('renderRecords puts a text in a fence if it contains %s', async (_, text, written) => {
    expect(await renderRecords([{ Answer: text }])).toBe(`## Example 1\n\n### Answer\n\n${written}`);
  });

  it('renderRecords omits undefined values and functions and renders circular and unreadable values', async () => {
    const circular: Record<string, unknown> = { name: 'x' };
    circular.self = circular;
    const throwing = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    const text = await renderRecords([
      {
        A: undefined,
        B: circular,
        C: throwing,
        D: new Error('bad'),
        E: new Map([['k', 1n]]),
        F: new Uint8Array(9),
        G: () => 1,
        H: null,
      },
    ]);
    expect(text).not.toMatch(/### [AG]/);
    expect(text).toContain('self: [circular]');
    expect(text).toContain('[unreadable]');
    expect(text).toContain('Error: bad');
    expect(text).toContain('k: 1');
    expect(text).toContain('[9 bytes]');
    expect(text).toContain('### H\n\nnull');
  });

  it('renderRecords returns an empty string for no records', async () =>
    expect(await renderRecords([])).toBe(''));
});

describe('maxCharacters of renderRecords', () => {
  it('renderRecords shortens the longest text in the middle and notes how many characters were cut', async () => {
    const record = {
      Input: 'short',
      'What the model saw': `start${many('x', 3_000)}end`,
      Answer: many('y', 200),
      Feedback: 'Wrong.',
    };
    const text = await renderRecords([record], { maxCharacters: 1_500 });
    expect(text.length).toBeLessThanOrEqual(1_500);
    expect(text.length).toBeGreaterThan(1_400);
    expect(text).toMatch(/startx+\[… [\d,]+ characters cut …\]x+end/);
    expect(text).toContain(many('y', 200));
    expect(text).toContain('### Feedback\n\nWrong.');
    const cut = Number(/\[… ([\d,]+) characters/.exec(text)![1]!.replace(',', ''));
    const left = /startx*|x*end/g;
    expect(cut + text.match(left)!.join('').length).toBe(record['What the model saw'].length);
  });

  it('renderRecords writes at most 24,000 characters by default', async () => {
    const text = await renderRecords([{ Input: many('x', 100_000) }]);
    expect(text.length).toBeLessThanOrEqual(24_000);
    expect(text.length).toBeGreaterThan(23_900);
  });

  it('renderRecords keeps a short record whole and gives long records equal room', async () => {
    const text = await renderRecords(
      [{ Input: many('a', 9_000) }, { Input: many('b', 900) }, { Input: many('c', 90_000) }],
      {
        maxCharacters: 5_000,
      },
    );
    const count = (letter: string) => text.split(letter).length - 1;
    expect(text).toContain(many('b', 900));
    expect(Math.abs(count('a') - count('c'))).toBeLessThan(30);
    expect(text.length).toBeGreaterThan(4_900);
  });

  it('renderRecords keeps a long feedback whole at the expense of other sections', async () => {
    const Feedback = many('f', 3_000);
    const text = await renderRecords([{ Input: 'x', Feedback }, { Input: many('y', 9_000) }], {
      maxCharacters: 4_000,
    });
    expect(text).toContain(Feedback);
    expect(text.length).toBeLessThanOrEqual(4_000);
  });

  it('renderRecords shortens feedback that alone exceeds maxCharacters', async () => {
    const text = await renderRecords([{ Input: many('y', 900), Score: 0, Feedback: many('f', 9_000) }], {
      maxCharacters: 2_000,
    });
    expect(text.length).toBeLessThanOrEqual(2_000);
    expect(text).toMatch(/f{300}\[… [\d,]+ characters cut …\]f{300}/);
    expect(text).toContain('## Example 1 (score 0)\n');
  });

  it('renderRecords keeps to maxCharacters with thousands of small values', async () => {
    const Input = Object.fromEntries(Array.from({ length: 5_000 }, (_, id) => [`tag ${id}`, 'small']));
    const text = await renderRecords([{ Input, Feedback: 'Count them.' }], { maxCharacters: 3_000 });
    expect(text.length).toBeLessThanOrEqual(3_000);
    expect(text.length).toBeGreaterThan(2_900);
    expect(text).toContain('Count them.');
    expect(text).toContain('### Input\n\n{"tag 0":"small",');
  });

  it('renderRecords leaves out records without room and notes how many', async () => {
    const records = Array.from({ length: 100 }, (_, id) => ({
      Input: many(`${id} `, 500),
      Feedback: many('f', 600),
    }));
    const text = await renderRecords(records, { maxCharacters: 6_000 });
    expect(text.length).toBeLessThanOrEqual(6_000);
    expect(text).toContain('## Example 1\n');
    expect(text).toMatch(/\[… \d+ more examples left out …\]$/);
  });

  it('renderRecords never splits a character', async () => {
    const text = await renderRecords([{ Input: many('😀', 5_000) }], { maxCharacters: 1_001 });
    expect(text).not.toMatch(/\p{Surrogate}/u);
  });

  const texts = fc.oneof(
    fc.string(),
    fc.string({ minLength: 200, maxLength: 2_000 }),
    fc
      .array(fc.constantFrom('```', '````', '\n', 'word ', '# x\n', '\n\n'), { maxLength: 400 })
      .map((parts) => parts.join('')),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      texts,
      fc.double(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 8 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 6 }),
    ),
  }));
  const records = fc.array(
    fc
      .tuple(fc.dictionary(fc.string({ maxLength: 120 }), value, { maxKeys: 8 }), value, texts)
      .map(([rest, Answer, Feedback]) => ({
        ...rest,
        Answer,
        Score: 0.25,
        Feedback,
      })),
    { maxLength: 6 },
  );

  it('renderRecords never exceeds maxCharacters', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 600, max: 9_000 }), async (records, maxCharacters) => {
        expect((await renderRecords(records, { maxCharacters })).length).toBeLessThanOrEqual(maxCharacters);
      }),
      { numRuns: 300 },
    );
  });

  it('renderRecords keeps every feedback whole if all of them fit', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(3_000), async (records, more) => {
        const feedback = records.reduce((sum, record) => sum + record.Feedback.length * 2 + 500, 0);
        const text = await renderRecords(records, { maxCharacters: 600 + feedback + more });
        for (const record of records) expect(text).toContain(record.Feedback);
      }),
      { numRuns: 300 },
    );
  });
});
