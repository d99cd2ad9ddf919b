import { HumanMessage } from '@langchain/core/messages';
import { JsonOutputParser, StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { SeedError } from 'gepa-core';
import { createAgent } from 'langchain';
import { beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { type ChatReply, type ChatRequest, useOpenAIServer } from '../testing/openai-server.ts';

let reply: (request: ChatRequest) => ChatReply;
const server = useOpenAIServer((request) => reply(request));
beforeEach(() => {
  reply = () => 'fine';
});

const prompt = ChatPromptTemplate.fromMessages([['system', 'Answer.']]);
const unavailable: ChatReply = { status: 503, error: 'overloaded' };

/** The scores of the seed, by the output; an error if the run ended without them. */
async function scoresOf(program: object): Promise<unknown> {
  const run = gepa(program as never).compile({
    trainset: [{ input: { messages: [new HumanMessage('Hello.')] } }] as never,
    metric: ({ output }) => (JSON.stringify(output)?.includes('fine') ? 1 : 0.5),
    reflectionModel: async () => '```\nAnswer.\n```',
    maxMetricCalls: 1,
    retry: { retries: 2, minDelayMs: 0, maxDelayMs: 1 },
  });
  return run.then(
    ({ result }) => result.candidates[0]!.scores,
    (error: unknown) => error,
  );
}

it('a chain whose model answers after two failures is scored by that answer', async () => {
  let calls = 0;
  reply = () => (++calls < 3 ? unavailable : 'fine');
  expect(await scoresOf(prompt.pipe(server.model()))).toEqual([1]);
  expect(calls).toBe(3);
});

it('a parser that throws on a real answer scores failureScore', async () => {
  reply = () => '{"broken": ';
  expect(await scoresOf(prompt.pipe(server.model()).pipe(new JsonOutputParser()))).toEqual([0]);
});

it('a parser in the client that throws on a real answer scores failureScore', async () => {
  reply = () => '{"broken": ';
  const before = server.requests.length;
  const structured = server
    .model({ model: 'gpt-4o' })
    .withStructuredOutput(z.object({ label: z.string() }), { method: 'jsonSchema' });
  expect(await scoresOf(prompt.pipe(structured))).toEqual([0]);
  expect(server.requests.length - before).toBe(1);
});

it.each<[string, ChatReply]>([
  ['is no JSON', '{"broken": '],
  ['is cut off', { content: '{"label": "', finishReason: 'length' }],
])(
  'an answer that the client cannot parse because it %s counts as a call of unknown usage',
  async (_, answer) => {
    reply = () => answer;
    const structured = server
      .model({ model: 'gpt-4o', maxTokens: 10 })
      .withStructuredOutput(z.object({ label: z.string() }), { method: 'jsonSchema' });
    const target = gepa(prompt.pipe(structured));
    const input = { messages: [new HumanMessage('Hello.')] };
    for (const limits of [{}, { maxTokens: 10_000 }]) {
      const report = await target.evaluate({
        examples: [{ input: input as never }],
        metric: () => 1,
        ...limits,
      });
      expect(report.usage).toMatchObject({ modelCalls: 1, outputTokens: 0 });
      expect(report.warnings.join()).toMatch(
        /reported (its tokens|missing, partial or invalid token counts)/,
      );
    }
  },
);

it('a JSON error of a lambda after a real answer scores failureScore', async () => {
  const program = prompt.pipe(server.model()).pipe(() => JSON.parse('<html>'));
  expect(await scoresOf(program)).toEqual([0]);
});

it('an empty text that a model answers is an answer', async () => {
  reply = () => '';
  expect(await scoresOf(prompt.pipe(server.model()).pipe(new StringOutputParser()))).toEqual([0.5]);
});

it.each<[string, () => string]>([
  ['turns into an output of its own', () => 'Sorry.'],
  [
    'wraps in an error of its own, without a cause,',
    () => {
      throw new Error('The answer is missing.');
    },
  ],
])('an outage that the program %s is not scored', async (_, onFailure) => {
  reply = () => unavailable;
  const model = server.model();
  const program = prompt.pipe(
    RunnableLambda.from(async (value: never) => {
      try {
        return await model.invoke(value);
      } catch {
        return onFailure();
      }
    }),
  );
  expect(await scoresOf(program)).toBeInstanceOf(SeedError);
});

it('an answer of a fallback model is scored', async () => {
  reply = ({ model }) => (model === 'down' ? unavailable : 'fine');
  const program = prompt.pipe(server.model({ model: 'down' }).withFallbacks([server.model()]));
  expect(await scoresOf(program)).toEqual([1]);
});

it('an agent whose sub-agent cannot reach its model is not scored', async () => {
  const inner = server.model({ model: 'inner' });
  const ask = tool(async () => (await inner.invoke([new HumanMessage('Help.')])).text, {
    name: 'ask',
    description: 'Asks an expert.',
    schema: z.object({}),
  });
  reply = ({ model, messages }) => {
    if (model === 'inner') return unavailable;
    return messages.some(({ role }) => role === 'tool') ? 'fine' : { calls: [{ name: 'ask', args: {} }] };
  };
  const agent = createAgent({ model: server.model(), tools: [ask], systemPrompt: 'Answer.' });
  expect(await scoresOf(agent)).toBeInstanceOf(SeedError);
  reply = ({ messages }) =>
    messages.some(({ role }) => role === 'tool') ? 'fine' : { calls: [{ name: 'ask', args: {} }] };
  expect(await scoresOf(agent)).toEqual([1]);
});
