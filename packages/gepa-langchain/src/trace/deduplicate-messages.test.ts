import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import type { RunContext, Step } from 'gepa-core';
import { seedCandidateOf } from 'gepa-core/adapter';
import { createAgent } from 'langchain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAdapter, type Invocable } from '../adapter.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { deduplicateMessages } from './deduplicate-messages.ts';

const context: RunContext = {
  signal: new AbortController().signal,
  runId: 'run',
  iteration: 1,
  phase: 'minibatch',
  candidateIndex: 0,
  exampleId: 'train:0',
};
const find = tool(async ({ what }) => `found ${what}`, {
  name: 'find',
  description: 'Finds.',
  schema: z.object({ what: z.string() }),
});
const calling = (...colors: string[]) =>
  new AIMessage({
    content: '',
    tool_calls: colors.map((color) => ({ name: 'find', args: { what: `the ${color} one` }, id: color })),
  });

it('a reflective record of an agent shows each message once', async () => {
  const program = createAgent({
    model: fakeModel()
      .respond(calling('red'))
      .respond(calling('green', 'blue'))
      .respond(new AIMessage('All are here.')) as never,
    tools: [find],
    systemPrompt: 'You find things.',
  });
  const adapter = createAdapter({ program: program as unknown as Invocable });
  const input = { messages: [new HumanMessage('Find all.')] };
  const candidate = seedCandidateOf(adapter.components);
  const { output, trace } = await adapter.run(candidate, { input }, context);
  const rollout = { example: { input }, exampleId: 'train:0', output, trace: trace!, score: 0.5 };
  const [record] = adapter.reflectiveRecords!({ component: 'system', candidate, rollouts: [rollout] });
  const text = JSON.stringify(record);
  const times = (part: string) => text.split(part).length - 1;
  for (const color of ['red', 'green', 'blue']) {
    expect([color, times(`"the ${color} one"`), times(`found the ${color} one`)]).toEqual([color, 1, 1]);
  }
  expect(times('You find things.')).toBe(1);
  expect(text).not.toContain('goes on to');
  expect(text).not.toContain('__end__');
  expect(record).toMatchObject({
    Calls: [
      { 'What the model saw': [{ role: 'system' }, { role: 'human' }] },
      { 'What the model saw': '[the same as in the call before, its answer and what came of it]' },
      { Answer: 'All are here.' },
    ],
    'Final output': { messages: ['[6 messages before]', '[the last answer above]'] },
  });
});

describe('deduplicateMessages', () => {
  const turn = (input: unknown, output: string): Step => ({
    kind: 'model',
    name: 'model',
    components: ['system'],
    input,
    output,
  });
  const human = (content: string) => ({ role: 'human', content });
  const ai = (content: string) => ({ role: 'ai', name: 'model', content });
  const inputs = (...turns: Step[]) => deduplicateMessages(turns, 'system').map(({ input }) => input);

  it('deduplicateMessages keeps a new message that is not an answer or a tool result', () => {
    const first = [human('a')];
    expect(inputs(turn(first, 'b'), turn([...first, ai('b'), human('c')], 'd'))).toEqual([
      first,
      ['[the same as in the call before, its answer and what came of it, then:]', human('c')],
    ]);
  });

  it('deduplicateMessages keeps all of another or an edited conversation', () => {
    const other = [human('x'), ai('b')];
    const summarized = [human('in short'), ai('b'), human('c')];
    expect(inputs(turn([human('a')], 'b'), turn(other, 'b'), turn(summarized, 'd'))).toEqual([
      [human('a')],
      other,
      summarized,
    ]);
  });

  it('deduplicateMessages keeps a different answer, and prompts that are strings', () => {
    const later = [human('a'), ai('not b')];
    expect(inputs(turn([human('a')], 'b'), turn(later, 'c'))[1]).toBe(later);
    expect(inputs(turn('say a', 'b'), turn('say a', 'b'))).toEqual(['say a', 'say a']);
  });

  it('deduplicateMessages returns the trace unchanged when no model call used the component', () => {
    const steps: Step[] = [{ kind: 'tool', name: 'find', components: ['system'], output: '__end__' }];
    expect(deduplicateMessages(steps, 'system')).toBe(steps);
  });
});
