import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Adapter, Rollout } from '../../adapter/adapter.ts';
import type { Step } from '../../adapter/trace.ts';
import { nextTurn } from '../../calls/next-turn.ts';
import { createMask } from '../../masking/mask.ts';
import { type EvidenceRequest, evidenceFor } from './evidence.ts';

const candidate = {
  facts: 'Note the facts of the ticket in a few words: who wrote it, and what it is about.',
  route: 'Choose the queue for a ticket with these facts: {facts}\nAnswer with one of the labels below.',
  tool: 'Looks up the kind of customer that an account belongs to.',
};
const adapter: Adapter<unknown, unknown> = {
  components: {
    facts: { text: candidate.facts },
    route: { text: candidate.route, variables: ['facts'] },
    tool: { text: candidate.tool, kind: 'tool-description' },
  },
  run: async () => ({ output: '' }),
};
const call = (components: string[], input: unknown, output: unknown, more: Partial<Step> = {}): Step => ({
  kind: 'model',
  name: 'gpt',
  components,
  input,
  output,
  ...more,
});
const rollout = (ticket: string, score = 0): Rollout<unknown, unknown> => ({
  example: { input: { ticket }, expected: 'secret' },
  exampleId: ticket,
  output: 'billing',
  score,
  feedback: `Wrong for ${ticket}`,
  trace: [
    {
      kind: 'chain',
      name: 'triage',
      children: [
        call(
          ['facts', 'tool'],
          [
            { role: 'system', content: candidate.facts },
            { role: 'user', content: ticket },
          ],
          'short',
          {
            model: 'gpt-mini',
            maxOutputTokens: 500,
            tools: [
              {
                name: 'lookUp',
                description: candidate.tool,
                arguments: { properties: { id: { type: 'string' } } },
              },
            ],
          },
        ),
        { kind: 'tool', name: 'lookUp', input: { id: 'a' }, output: 'education' },
        call(['facts', 'tool'], [{ role: 'system', content: candidate.facts }], 'short'),
        { kind: 'prompt', name: 'template', components: ['route'] },
        call(['route'], candidate.route.replace('{facts}', 'short'), '"billing"', {
          responseFormat: { enum: ['billing', 'labs'] },
        }),
        { kind: 'other', name: 'parser', output: 'billing' },
      ],
    },
  ],
});
const rollouts = [rollout('My invoice of May is wrong.'), rollout('I cannot see the button.')];
const evidence = (names: string[], more: Partial<EvidenceRequest<string>> = {}) =>
  evidenceFor({ adapter, candidate, names, rollouts, ...more });

describe('evidenceFor', () => {
  it('the program is outlined with its steps in order, the place of the text, and the other texts', async () => {
    expect((await evidence(['route'])).program).toBe(
      [
        '1. model call with "facts", "tool" (repeatedly)',
        '2. tool lookUp',
        '3. model call with "route" (the text above)',
        '4. parser',
        '',
        'The other texts, in short:',
        `- "facts" (step 1): ${candidate.facts}`,
        `- "tool" (step 1): ${candidate.tool}`,
      ].join('\n'),
    );
  });

  it('the model call is described with model, output limit, tools, answer schema and layout', async () => {
    expect((await evidence(['facts'])).calls).toBe(
      [
        '- Model: gpt-mini, at most 500 output tokens',
        '- Tools it may call:',
        '  - lookUp({ id?: string }): [the text "tool"]',
        '- It receives system: [the text above], then user: [ticket of the input]',
      ].join('\n'),
    );
    expect((await evidence(['route'])).calls).toBe(
      '- Model: gpt\n- Its answer must have this form: "billing" | "labs"\n- It receives [the text above, filled in]',
    );
    expect((await evidence(['tool'])).calls).toContain('lookUp({ id?: string }): [the text above]');
  });

  it('several components share the outline and the records, which have each call once', async () => {
    const { program, calls, records } = await evidence(['facts', 'route']);
    expect(program).toContain('3. model call with "route"');
    expect(calls).toMatch(
      /^The call with facts:\n- Model: gpt-mini[\s\S]*\n\nThe call with route:\n- Model: gpt\n/,
    );
    expect(records.match(/^## Example/gm)).toHaveLength(2);
    expect(records.match(/Uses: facts/g)).toHaveLength(4);
    expect(records.match(/Uses: route/g)).toHaveLength(2);
    expect(records).toContain('[the text "facts" above]');
  });

  it('the records never have the text above, nor the expected value', async () => {
    const { records } = await evidence(['facts']);
    expect(records).not.toContain(candidate.facts);
    expect(records).not.toContain('secret');
    expect(records).toContain('[the text above]');
  });

  it('the tally counts the minibatch and names the score on validation', async () => {
    const { scores, records } = await evidence(['facts'], {
      rollouts: [rollout('a', 1), rollout('b', 0.25), { ...rollout('c', 1), feedback: 'Wrong for a' }],
      validationScore: 0.61234,
    });
    expect(scores).toBe(
      '2 of 3 examples right, with a mean score of 0.75; 1 of the right ones not shown below; on validation the program scores 0.612.',
    );
    expect(records.match(/^## Example .*$/gm)).toEqual([
      '## Example 1 (score 0.25)',
      '## Example 2 (score 1)',
    ]);
  });

  it('a success outside the minibatch is shown, but not counted', async () => {
    const { scores, records } = await evidence(['facts'], {
      rollouts: [rollout('a')],
      success: rollout('b', 1),
    });
    expect(scores).toMatch(/^0 of 1 example right, .*; 1 that was right before is shown beside these\.$/);
    expect(records.match(/^## Example .*$/gm)).toHaveLength(2);
  });

  it('records of an adapter of its own are condensed too, per component', async () => {
    const own: Adapter<unknown, unknown> = {
      ...adapter,
      reflectiveRecords: ({ component, rollouts }) =>
        rollouts.map(({ score }) => ({
          Prompt: `${candidate.facts} Go.`,
          Component: component,
          Score: score,
        })),
    };
    expect((await evidence(['facts'], { adapter: own })).records).toContain('[the text above] Go.');
    const { records } = await evidence(['facts', 'route'], { adapter: own });
    expect(records).toContain('The runs for "facts":');
    expect(records).toContain('The runs for "route":');
  });

  it('the input, output and trace are those of the adapter in plain form', async () => {
    const own: Adapter<unknown, unknown> = {
      ...adapter,
      toPlain: ({ input }) => ({ input: [input, 'plain'] }),
    };
    const { records } = await evidence(['facts'], { adapter: own });
    expect(records).toContain('- plain');
  });

  it.each([
    ['leaves out', {}],
    ['sets to undefined', { output: undefined, trace: undefined }],
  ])('a field that toPlain %s stays as it is in the records', async (_, plain) => {
    const own: Adapter<unknown, unknown> = { ...adapter, toPlain: () => plain };
    expect((await evidence(['facts'], { adapter: own })).records).toBe((await evidence(['facts'])).records);
  });

  it('every part is masked', async () => {
    const mask = {
      data: (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('invoice', '***')),
      message: String,
      name: String,
    };
    const { images: _, ...parts } = await evidence(['facts'], {
      mask,
      candidate: { ...candidate, route: `invoice ${candidate.route}` },
    });
    expect(JSON.stringify(parts)).not.toContain('invoice');
    expect(parts.program).toContain('***');
  });

  it('images of the inputs are returned, and named in the records', async () => {
    const data = 'iVBORw0KGgo1'.repeat(3_000);
    const image = { type: 'image', mimeType: 'image/png', data };
    const seen = { ...rollout('a'), example: { input: [{ role: 'user', content: ['What is it?', image] }] } };
    const { images, records } = await evidence(['facts'], { rollouts: [seen] });
    expect(images).toEqual([{ mediaType: 'image/png', data }]);
    expect(records).toContain('[image: image/png, 27 kB]');
    expect(records).not.toContain('iVBOR');
  });

  it('a program without steps has only records and a tally', async () => {
    const plain = { example: 'x', exampleId: 'a', output: 'y', trace: 'log' as never, score: 0.5 };
    const only = { policy: 'take the longest waiting' };
    expect(await evidence(['policy'], { candidate: only, rollouts: [plain] })).toEqual({
      records: '## Example 1 (score 0.5)\n\n### Input\n\nx\n\n### Trace\n\nlog\n\n### Final output\n\ny',
      scores: '0 of 1 example right, with a mean score of 0.5.',
      images: [],
    });
  });

  it('each large rollout is read in a turn of the event loop of its own', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    await nextTurn();
    const large = (id: string) => rollout('x '.repeat(400_000) + id);
    const turns: number[] = [];
    let masked = 0;
    const endTurn = () => {
      turns.push(masked);
      masked = 0;
    };
    const mask = createMask({
      redact: (text) => {
        if (masked === 0) setTimeout(endTurn);
        masked += text.length;
        // Only large texts take time.
        vi.advanceTimersByTime(text.length / 5_000);
        return text;
      },
    });
    await evidence(['facts'], { rollouts: ['1', '2', '3', '4'].map(large), mask });
    endTurn();
    expect(turns.filter((characters) => characters > 100_000)).toHaveLength(4);
    // The input, and a message and a feedback with it, each cut to 100,000 characters.
    expect(Math.max(...turns)).toBeLessThan(310_000);
  });

  it('long traces give bounded outlines', async () => {
    const many = Array.from(
      { length: 500 },
      (_, i): Step => ({ kind: 'tool', name: `tool ${i}`, output: i }),
    );
    const tools = Array.from({ length: 500 }, (_, i) => ({ name: `t${i}`, description: 'x'.repeat(5_000) }));
    const big = { ...rollout('a'), trace: [call(['facts'], 'x'.repeat(100_000), 'y', { tools }), ...many] };
    const texts = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`text ${i}`, 'long '.repeat(5_000)]),
    );
    const { program, calls } = await evidence(['facts'], {
      rollouts: [big],
      candidate: { ...candidate, ...texts },
    });
    expect(program!.length).toBeLessThan(6_000);
    expect(calls!.length).toBeLessThanOrEqual(6_000);
  });
});
