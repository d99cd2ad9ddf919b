import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../adapter/adapter.ts';
import type { Step } from '../../adapter/trace.ts';
import { defaultRecords, sharedRecords } from './records.ts';

const recordOf = (rollout: Partial<Rollout<unknown, unknown, unknown>>, component = 'answer') =>
  defaultRecords({
    component,
    rollouts: [{ example: { input: 'Who?' }, exampleId: 'train:0', score: 0, ...rollout }],
  })[0]!;

const rendered = [
  { role: 'system', content: 'Answer the question.' },
  { role: 'user', content: 'Who?' },
];
const model: Step = { kind: 'model', name: 'gpt', components: ['answer'], input: rendered, output: 'Ada' };
const chain = (...children: Step[]): Step[] => [
  { kind: 'chain', name: 'qa', input: 'Who?', output: 'ada', children },
];

describe('defaultRecords', () => {
  it('a default record has the input, the model call, the steps after it, the output, score and feedback', () => {
    const trace = chain(
      { kind: 'retriever', name: 'search', output: ['a page'] },
      { kind: 'prompt', name: 'template', components: ['answer'], output: rendered },
      model,
      { kind: 'tool', name: 'lookup', output: 'a mathematician' },
      { kind: 'other', name: 'lowercase', output: 'ada' },
    );
    const record = recordOf({ trace, output: 'ada', feedback: 'Give the full name.' });
    expect(Object.entries(record)).toEqual([
      ['Input', 'Who?'],
      ['What the model saw', rendered],
      ['Answer', 'Ada'],
      ['Afterwards', [{ Step: 'lookup', Output: 'a mathematician' }]],
      ['Final output', 'ada'],
      ['Score', 0],
      ['Feedback', 'Give the full name.'],
    ]);
  });

  it('defaultRecords makes one record for each rollout', () => {
    const rollout = { example: 'x', exampleId: 'a', score: 1 };
    expect(defaultRecords({ component: 'answer', rollouts: [rollout, rollout] })).toEqual([
      { Input: 'x', Score: 1 },
      { Input: 'x', Score: 1 },
    ]);
  });

  it.each([
    ['the field input of an example', { input: { q: 1 }, expected: 'secret' }, { q: 1 }],
    ['an example without input, except its expected value', { q: 1, expected: 'secret' }, { q: 1 }],
    [
      'an example without input, except its label',
      { id: 'a', text: 'Hi', label: 'secret' },
      { id: 'a', text: 'Hi' },
    ],
    [
      'an example whose only field looks like a label',
      { id: 'a', answer: 'to grade' },
      { id: 'a', answer: 'to grade' },
    ],
    ['a text', 'Who?', 'Who?'],
    ['a list', ['Who?'], ['Who?']],
  ])('a default record shows as input %s', (_, example, shown) =>
    expect(recordOf({ example }).Input).toEqual(shown),
  );

  it('a default record lists several calls with the steps after each, without repeated messages', () => {
    const toolMessage = { role: 'tool', content: 'a page' };
    const later = [...rendered, { role: 'assistant', content: 'search' }, toolMessage];
    const trace = chain(
      { ...model, output: 'search' },
      { kind: 'tool', name: 'search', output: 'a page' },
      { ...model, input: structuredClone(later), output: 'Ada' },
    );
    expect(recordOf({ trace }).Calls).toEqual([
      {
        'What the model saw': rendered,
        Answer: 'search',
        Afterwards: [{ Step: 'search', Output: 'a page' }],
      },
      { 'What the model saw': '[as in the call before, with its answer and what came of it]', Answer: 'Ada' },
    ]);
  });

  it('a default record shows later steps of enclosing chains without their children', () => {
    const trace: Step[] = [
      { kind: 'chain', name: 'first', children: [model] },
      { kind: 'chain', name: 'second', output: 'B', children: [{ kind: 'model', name: 'gpt', output: 'b' }] },
    ];
    expect(recordOf({ trace }).Afterwards).toEqual([{ Step: 'second', Output: 'B' }]);
  });

  it('a default record shows the rendered prompt when no model step used the component', () => {
    const trace = chain(
      {
        kind: 'prompt',
        name: 'template',
        components: ['answer'],
        input: { q: 'Who?' },
        output: 'Answer: Who?',
      },
      { kind: 'model', name: 'gpt', output: 'Ada' },
    );
    expect(recordOf({ trace })).toMatchObject({
      'What the model saw': 'Answer: Who?',
      Afterwards: [{ Step: 'gpt', Output: 'Ada' }],
    });
  });

  it('a default record shows the input, steps and output of an agent or tool that uses the component', () => {
    const trace: Step[] = [
      {
        kind: 'agent',
        name: 'support',
        components: ['answer'],
        input: 'Who?',
        output: 'Ada',
        children: [
          { kind: 'tool', name: 'search', components: ['answer'], output: 'a page' },
          { kind: 'tool', name: 'fetch', error: 'not found' },
        ],
      },
    ];
    expect(recordOf({ trace })).toEqual({
      Input: 'Who?',
      Step: 'support',
      'What it was given': 'Who?',
      'What it did': [
        { Step: 'search', Output: 'a page' },
        { Step: 'fetch', Error: 'not found' },
      ],
      'What it gave': 'Ada',
      Score: 0,
    });
  });

  it('a default record shows the arguments of tools', () => {
    const tool: Step = { kind: 'tool', name: 'search', input: { q: 'Ada' }, error: 'no network' };
    expect(recordOf({ trace: chain(model, tool) }).Afterwards).toEqual([
      { Step: 'search', Arguments: { q: 'Ada' }, Error: 'no network' },
    ]);
  });

  it('a default record shows the tokens of all model calls if they are known and a metric concerns them', () => {
    const usage = { modelCalls: 1, inputTokens: 10, outputTokens: 2 };
    const scored = { objectives: { brevity: 1 } };
    const trace = chain({ ...model, usage }, { ...model, components: [], usage });
    const record = recordOf({ trace, ...scored });
    expect(record.Tokens).toBe('20 sent and 4 written in 2 model calls');
    expect(recordOf({ trace })).not.toHaveProperty('Tokens');
    expect(recordOf({ trace: [{ ...model, usage }], feedback: 'It is too long.' }).Tokens).toBe(
      '10 sent and 2 written in 1 model call',
    );
    const unknown = { modelCalls: 1, inputTokens: 0, outputTokens: 0 };
    expect(recordOf({ trace: [{ ...model, usage: unknown }], ...scored })).not.toHaveProperty('Tokens');
  });

  it('a default record shows the errors of steps and of the rollout', () => {
    const { output: _, ...failed } = { ...model, error: 'refused' };
    const trace = chain(failed, { kind: 'prompt', name: 'next', error: 'missing value' });
    expect(recordOf({ trace, error: 'refused', feedback: 'It failed.' })).toEqual({
      Input: 'Who?',
      'What the model saw': rendered,
      Error: 'refused',
      Afterwards: [{ Step: 'next', Error: 'missing value' }],
      Score: 0,
      Feedback: 'It failed.',
    });
  });

  it('a default record shows the finish reason of a cut-off answer', () => {
    expect(recordOf({ trace: [{ ...model, finishReason: 'length' }] })['Stopped early']).toBe('length');
    expect(recordOf({ trace: [{ ...model, finishReason: 'stop' }] })).not.toHaveProperty('Stopped early');
  });

  it('a default record shows componentFeedback instead of feedback if the component has any', () => {
    const scored = { feedback: 'Bad.', componentFeedback: { answer: 'Too long.' } };
    expect(recordOf(scored).Feedback).toBe('Too long.');
    expect(recordOf(scored, 'other').Feedback).toBe('Bad.');
    expect(recordOf(scored, 'toString').Feedback).toBe('Bad.');
  });

  it('a default record shows the objectives', () => {
    expect(recordOf({ objectives: { brevity: 0.5 } }).Objectives).toEqual({ brevity: 0.5 });
  });

  it('a default record says that no call used the component, with input, output, score and feedback', () => {
    expect(recordOf({ trace: chain(model), output: 'ada', feedback: 'Hm.' }, 'other')).toEqual({
      Input: 'Who?',
      Calls: '[no call of this run used the text]',
      'Final output': 'ada',
      Score: 0,
      Feedback: 'Hm.',
    });
  });

  it.each<[string, unknown, unknown, unknown]>([
    ['that equals the answer', '{"a":1}', { a: 1 }, undefined],
    ['that wraps the answer', '{"a":1}', { text: '{"a":1}', object: { a: 1 } }, undefined],
    ['that is the answer by a tool', { toolCalls: [{ name: 'f', args: { a: 1 } }] }, { a: 1 }, undefined],
    [
      'that ends in the answer',
      'Ada',
      { messages: [...rendered, { role: 'ai', content: 'Ada' }] },
      undefined,
    ],
    [
      'with the conversation of an agent',
      'Ada',
      { messages: [...rendered, { role: 'ai', content: 'ada' }], found: 1 },
      { messages: ['[2 messages before]', { role: 'ai', content: 'ada' }], found: 1 },
    ],
    ['with another order of fields only', '{"a":1,"b":2}', { b: 2, a: 1 }, undefined],
    [
      'that ends in the answer and has more',
      'Ada',
      { messages: [...rendered, { role: 'ai', content: 'Ada' }], found: 1 },
      { messages: ['[2 messages before]', '[the answer above]'], found: 1 },
    ],
    [
      'of content parts that ends the conversation of an agent',
      [
        { type: 'thinking', thinking: 'Who?' },
        { type: 'text', text: 'Ada' },
      ],
      {
        messages: [
          ...rendered,
          {
            role: 'ai',
            content: [
              { type: 'thinking', thinking: 'Who?' },
              { type: 'text', text: 'Ada' },
            ],
          },
        ],
      },
      undefined,
    ],
    ['that differs', '{"a":1}', { a: 2 }, { a: 2 }],
  ])('a default record does not repeat an output %s', (_, answer, output, shown) => {
    expect(recordOf({ trace: [{ ...model, output: answer }], output })['Final output']).toEqual(shown);
  });

  it('a default record shows the last message of a conversation once, as the output', () => {
    const last = { role: 'ai', content: 'Ada answered.' };
    const supervisor: Step = { kind: 'chain', name: 'supervisor', output: { messages: [last] } };
    const record = recordOf({ trace: [model, supervisor], output: { messages: [...rendered, last] } });
    expect(record['Final output']).toEqual({ messages: ['[2 messages before]', last] });
    expect(record.Afterwards).toBeUndefined();
  });

  it('a default record leaves out later steps that add nothing to the answer and the output', () => {
    const steps: Step[] = [
      { kind: 'other', name: 'parser', output: { queue: 'a' } },
      { kind: 'chain', name: 'assign', output: { decision: { queue: 'a' } } },
      { kind: 'chain', name: 'look up', output: { customer: 'b' } },
    ];
    const trace = [{ ...model, output: '{"queue":"a"}' }, ...steps];
    expect(recordOf({ trace, output: { queue: 'a', rank: 1 } }).Afterwards).toEqual([
      { Step: 'look up', Output: { customer: 'b' } },
    ]);
  });

  it('a default record leaves out later steps that pass on the input with earlier answers', () => {
    const passed = { question: 'Who is it?', facts: '{"queue":"a"}' };
    const trace: Step[] = [
      { ...model, output: '{"queue":"a"}' },
      { kind: 'chain', name: 'assign', output: passed },
      { ...model, output: 'high' },
      { kind: 'chain', name: 'assign', output: { ...passed, priority: 'high' } },
      { kind: 'tool', name: 'echo', input: {}, output: { queue: 'a' } },
    ];
    const example = { input: { question: 'Who is it?' } };
    expect(recordOf({ example, trace, output: { priority: 'high' } }).Calls).toEqual([
      { 'What the model saw': rendered, Answer: '{"queue":"a"}' },
      {
        'What the model saw': rendered,
        Answer: 'high',
        Afterwards: [{ Step: 'echo', Arguments: {}, Output: { queue: 'a' } }],
      },
    ]);
  });

  it('a default record shows the result of a tool, and its arguments unless the answer has them', () => {
    const toolCalls = [{ name: 'search', args: { q: 'Ada' }, id: 'call_1' }];
    const message = { role: 'tool', name: 'search', content: 'a page' };
    const search = (q: string): Step => ({ kind: 'tool', name: 'search', input: { q }, output: message });
    const tools: Step = {
      kind: 'chain',
      name: 'tools',
      output: {},
      children: [search('Ada'), search('Bob')],
    };
    expect(recordOf({ trace: [{ ...model, output: { content: '', toolCalls } }, tools] }).Afterwards).toEqual(
      [
        { Step: 'search', Output: 'a page' },
        { Step: 'search', Arguments: { q: 'Bob' }, Output: 'a page' },
      ],
    );
  });

  it('the records of several components have each call once, with the texts it used', () => {
    const other: Step = { ...model, components: ['route', 'hint'], input: 'b', output: 'B' };
    const scored = { score: 0, feedback: 'Bad.', componentFeedback: { route: 'Too long.' } };
    const rollouts = [{ example: 'x', exampleId: 'a', trace: [model, other], ...scored }];
    expect(sharedRecords({ components: ['answer', 'route', 'hint'], rollouts })).toEqual([
      {
        Input: 'x',
        Calls: [
          { Uses: 'answer', 'What the model saw': rendered, Answer: 'Ada' },
          { Uses: 'route, hint', 'What the model saw': 'b', Answer: 'B' },
        ],
        Score: 0,
        Feedback: 'Bad.',
        'Feedback on "route"': 'Too long.',
      },
    ]);
  });

  it.each([['log'], [{ turns: 3 }], [['a', 'b']], [[{ kind: 'note' }]]])(
    'a default record shows a trace that is not made of steps unchanged: %j',
    (trace) => {
      expect(recordOf({ trace }).Trace).toBe(trace);
    },
  );
});

it('the calls of a trace whose steps name no components are all shown', () => {
  const rollout = (trace: readonly Step[]) =>
    ({ example: 'q', exampleId: '1', output: 'a', score: 0, trace }) as never;
  const model = { kind: 'model', name: 'gpt', input: 'the question', output: 'the answer' } as const;
  const tool = {
    kind: 'tool',
    name: 'search',
    input: 'words',
    output: 'nothing',
    error: 'no index',
  } as const;
  const shown = (trace: readonly Step[]) =>
    JSON.stringify(sharedRecords({ components: ['a', 'b'], rollouts: [rollout(trace)] }));
  expect(shown([model])).toContain('the question');
  expect(shown([tool])).toContain('no index');
  expect(shown([{ ...model, components: ['other'] }])).toContain('no call of this run used the text');
});
