import { describe, expect, it } from 'vitest';
import type { Rollout } from '../adapter/adapter.ts';
import type { Step } from '../adapter/trace.ts';
import { defaultRecords } from './records.ts';

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
      { 'What the model saw': ['[the same as in the call before, then:]', ...later.slice(2)], Answer: 'Ada' },
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

  it('a default record shows the tokens of all model calls if they are known', () => {
    const usage = { modelCalls: 1, inputTokens: 10, outputTokens: 2 };
    const record = recordOf({ trace: chain({ ...model, usage }, { ...model, components: [], usage }) });
    expect(record.Tokens).toBe('20 sent and 4 written in 2 model calls');
    expect(recordOf({ trace: [{ ...model, usage }] }).Tokens).toBe('10 sent and 2 written in 1 model call');
    const unknown = { modelCalls: 1, inputTokens: 0, outputTokens: 0 };
    expect(recordOf({ trace: [{ ...model, usage: unknown }] })).not.toHaveProperty('Tokens');
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
      Calls: '[none was seen to hold this text]',
      'Final output': 'ada',
      Score: 0,
      Feedback: 'Hm.',
    });
  });

  it.each([['log'], [{ turns: 3 }], [['a', 'b']], [[{ kind: 'note' }]]])(
    'a default record shows a trace that is not made of steps unchanged: %j',
    (trace) => {
      expect(recordOf({ trace }).Trace).toBe(trace);
    },
  );
});
