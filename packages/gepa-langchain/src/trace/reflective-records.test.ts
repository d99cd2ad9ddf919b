import { AIMessage, HumanMessage } from '@langchain/core/messages';
import type { Rollout, Step } from 'gepa-core';
import { expect, it } from 'vitest';
import { reflectiveRecords } from './reflective-records.ts';

const usage = { modelCalls: 1, inputTokens: 10, outputTokens: 2 };
const turn = (i: number): Step => ({
  kind: 'model',
  name: 'model',
  components: ['system'],
  input: [{ role: 'human', content: `question ${i}` }],
  output: `answer ${i}`,
  usage,
});
const rollout = (turns: number): Rollout<unknown, unknown> => ({
  example: { input: { messages: [new HumanMessage('question')] } },
  exampleId: 'train:0',
  output: { messages: [new HumanMessage('question'), new AIMessage('answer')], other: 1 },
  trace: Array.from({ length: turns }, (_, i) => turn(i)),
  score: 0.5,
});
const record = (turns: number) => reflectiveRecords({ component: 'system', rollouts: [rollout(turns)] })[0]!;

it('a reflective record shows messages as plain data, the last message of the output, and the tokens', () => {
  expect(record(2)).toMatchObject({
    Input: { messages: [{ role: 'human', content: 'question' }] },
    'Final output': { other: 1, messages: ['[1 message before]', { role: 'ai', content: 'answer' }] },
    Tokens: '20 sent and 4 written in 2 model calls',
  });
  expect(Object.keys(record(2)).slice(-2)).toEqual(['Tokens', 'Score']);
});

it('a reflective record shows the whole output when the trace has no model call', () => {
  expect(record(0)['Final output']).toMatchObject({
    messages: [{ content: 'question' }, { content: 'answer' }],
  });
  expect(record(0)).not.toHaveProperty('Tokens');
});
