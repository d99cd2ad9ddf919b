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

describe('the default record', () => {
  it('tells the input, what the model saw and answered, what came of it, and the verdict', () => {
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

  it('makes one record for each rollout', () => {
    const rollout = { example: 'x', exampleId: 'a', score: 1 };
    expect(defaultRecords({ component: 'answer', rollouts: [rollout, rollout] })).toEqual([
      { Input: 'x', Score: 1 },
      { Input: 'x', Score: 1 },
    ]);
  });

  it.each([
    ['the input of an example', { input: { q: 1 }, expected: 'secret' }, { q: 1 }],
    ['an example without input, but not what is expected', { q: 1, expected: 'secret' }, { q: 1 }],
    ['a text', 'Who?', 'Who?'],
    ['a list', ['Who?'], ['Who?']],
  ])('shows %s', (_, example, shown) => expect(recordOf({ example }).Input).toEqual(shown));

  it('lists several calls, each with what came after it, and repeats no conversation', () => {
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

  it('shows the later steps of the chains around, each whole', () => {
    const trace: Step[] = [
      { kind: 'chain', name: 'first', children: [model] },
      { kind: 'chain', name: 'second', output: 'B', children: [{ kind: 'model', name: 'gpt', output: 'b' }] },
    ];
    expect(recordOf({ trace }).Afterwards).toEqual([{ Step: 'second', Output: 'B' }]);
  });

  it('shows what was rendered where no model step is known to hold the text', () => {
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

  it('shows an agent or a tool that holds the text by what it was given, did and gave', () => {
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

  it('shows what tools were called with', () => {
    const tool: Step = { kind: 'tool', name: 'search', input: { q: 'Ada' }, error: 'no network' };
    expect(recordOf({ trace: chain(model, tool) }).Afterwards).toEqual([
      { Step: 'search', Arguments: { q: 'Ada' }, Error: 'no network' },
    ]);
  });

  it('adds up the tokens of all model calls', () => {
    const usage = { modelCalls: 1, inputTokens: 10, outputTokens: 2 };
    const record = recordOf({ trace: chain({ ...model, usage }, { ...model, components: [], usage }) });
    expect(record.Tokens).toBe('20 sent and 4 written in 2 model calls');
    expect(recordOf({ trace: [{ ...model, usage }] }).Tokens).toBe('10 sent and 2 written in 1 model call');
    const unknown = { modelCalls: 1, inputTokens: 0, outputTokens: 0 };
    expect(recordOf({ trace: [{ ...model, usage: unknown }] })).not.toHaveProperty('Tokens');
  });

  it('shows errors where they happened and of the whole', () => {
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

  it('says when the answer was cut off', () => {
    expect(recordOf({ trace: [{ ...model, finishReason: 'length' }] })['Stopped early']).toBe('length');
    expect(recordOf({ trace: [{ ...model, finishReason: 'stop' }] })).not.toHaveProperty('Stopped early');
  });

  it('prefers the feedback for the component', () => {
    const verdict = { feedback: 'Bad.', componentFeedback: { answer: 'Too long.' } };
    expect(recordOf(verdict).Feedback).toBe('Too long.');
    expect(recordOf(verdict, 'other').Feedback).toBe('Bad.');
    expect(recordOf(verdict, 'toString').Feedback).toBe('Bad.');
  });

  it('shows the scores by objective', () => {
    expect(recordOf({ objectives: { brevity: 0.5 } }).Objectives).toEqual({ brevity: 0.5 });
  });

  it('says that no call held the text, with input, output and verdict', () => {
    expect(recordOf({ trace: chain(model), output: 'ada', feedback: 'Hm.' }, 'other')).toEqual({
      Input: 'Who?',
      Calls: '[none was seen to hold this text]',
      'Final output': 'ada',
      Score: 0,
      Feedback: 'Hm.',
    });
  });

  it.each([['log'], [{ turns: 3 }], [['a', 'b']], [[{ kind: 'note' }]]])(
    'shows a trace of another form as it is: %j',
    (trace) => {
      expect(recordOf({ trace }).Trace).toBe(trace);
    },
  );
});
