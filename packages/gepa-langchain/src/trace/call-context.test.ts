import { AIMessage, HumanMessage } from '@langchain/core/messages';
import {
  CommaSeparatedListOutputParser,
  StandardSchemaOutputParser,
  StringOutputParser,
  StructuredOutputParser,
} from '@langchain/core/output_parsers';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import type { Rollout } from 'gepa-core';
import { defaultRecords, seedCandidateOf, walkSteps } from 'gepa-core/adapter';
import { createAgent } from 'langchain';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createAdapter, type Invocable } from '../adapter.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { startOpenAIServer } from '../testing/openai-server.ts';
import { rolloutContext, runSeed } from '../testing/rollout.ts';

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

it('a record of an agent shows each message once', async () => {
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
  const { output, trace } = await adapter.run(candidate, { input }, rolloutContext());
  const plain = adapter.toPlain!({ input, output });
  const example = { input: plain.input };
  const rollout: Rollout<unknown, unknown> = {
    example,
    exampleId: 'a',
    output: plain.output,
    trace: trace!,
    score: 0.5,
  };
  const [record] = defaultRecords({ component: 'system', rollouts: [rollout] });
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
      { 'What the model saw': '[as in the call before, with its answer and what came of it]' },
      { Answer: 'All are here.' },
    ],
    Input: { messages: [{ role: 'human', content: 'Find all.' }] },
  });
  expect(record).not.toHaveProperty('Final output');
});

it('a model call names its model, output limit, tools and answer schema', async () => {
  const server = await startOpenAIServer(() => '{"queue":"labs"}');
  const model = new ChatOpenAI({
    model: 'gpt-test',
    maxTokens: 300,
    apiKey: 'k',
    configuration: { baseURL: server.url },
  });
  const schema = z.object({ queue: z.enum(['billing', 'labs']).describe('where it goes') });
  const modelStep = async (program: unknown) => {
    const { trace = [] } = await runSeed(program, 'Sort this.');
    return [...walkSteps(trace)].find(({ kind }) => kind === 'model');
  };
  const common = { model: 'gpt-test', maxOutputTokens: 300 };
  expect(await modelStep(model.bindTools([find]))).toMatchObject({
    ...common,
    tools: [{ name: 'find', description: 'Finds.', arguments: '{ what: string }' }],
  });
  const responseFormat = '{ queue: "billing" | "labs" (where it goes) }';
  for (const method of ['jsonSchema', 'functionCalling', 'jsonMode'] as const) {
    const step = await modelStep(model.withStructuredOutput(schema, { method, includeRaw: true }));
    expect(step).toMatchObject({ ...common, responseFormat });
    expect(step).not.toHaveProperty('tools');
  }
  const parser = StructuredOutputParser.fromZodSchema(schema);
  for (const program of [
    model.pipe(parser),
    model.pipe(parser).pipe(({ queue }) => queue),
    model.withRetry().pipe(parser),
    model.withFallbacks([model]).pipe(parser),
    // In a function, where the program's own objects do not show the parser.
    RunnableLambda.from(async (text: string) => model.pipe(parser).invoke(text)),
    // Older versions of LangChain lack this parser.
    ...(StandardSchemaOutputParser === undefined
      ? []
      : [model.pipe(StandardSchemaOutputParser.fromSerializableSchema(schema))]),
  ]) {
    expect(await modelStep(program)).toMatchObject({ ...common, responseFormat });
  }
  expect(await modelStep(model.pipe(new CommaSeparatedListOutputParser()))).toMatchObject({
    responseFormat: expect.stringContaining('comma separated'),
  });
  for (const program of [model.pipe(new StringOutputParser()), model.pipe(({ text }) => text).pipe(parser)]) {
    expect(await modelStep(program)).not.toHaveProperty('responseFormat');
  }
  await server.close();
});
