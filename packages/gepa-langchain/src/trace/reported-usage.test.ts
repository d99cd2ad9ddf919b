import { ChatAnthropic } from '@langchain/anthropic';
import type { ChatPromptValueInterface } from '@langchain/core/prompt_values';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { type Runnable, RunnableLambda } from '@langchain/core/runnables';
import { ChatOpenAI } from '@langchain/openai';
import { type LoopbackServer, sendJson, startServer } from 'gepa-test-server';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa, metered } from '../index.ts';

/** A loopback server that answers as Anthropic does, or as OpenAI does with the usage in the request's message. */
let server: LoopbackServer;

beforeAll(async () => {
  server = await startServer(({ path, body }, response) => {
    if (path?.includes('/messages')) {
      if (JSON.parse(body).stream !== true) {
        sendJson(response, 200, {
          ...message,
          stop_reason: 'end_turn',
          content: [{ type: 'text', text: 'sorted' }],
          usage: { ...startUsage, output_tokens: 57 },
        });
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of anthropicEvents)
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      response.end();
      return;
    }
    const usage = JSON.parse(JSON.parse(body).messages.at(-1).content);
    sendJson(response, 200, {
      id: '1',
      object: 'chat.completion',
      created: 0,
      model: 'm',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'sorted' } }],
      usage,
    });
  });
});
afterAll(() => server.close());

const startUsage = { input_tokens: 40, cache_creation_input_tokens: 5, cache_read_input_tokens: 7 };
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5' };
const anthropicEvents = [
  {
    type: 'message_start',
    message: { ...message, content: [], stop_reason: null, usage: { ...startUsage, output_tokens: 3 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'sor' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ted' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 57 } },
  { type: 'message_stop' },
];

const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Sort.'],
  ['human', '{text}'],
]);
const chatModel = () =>
  new ChatOpenAI({
    model: 'm',
    apiKey: 'key',
    maxTokens: 100,
    configuration: { baseURL: `${server.url}/v1` },
  });
const claude = (streaming: boolean) =>
  new ChatAnthropic({
    model: 'claude-sonnet-4-5',
    apiKey: 'key',
    anthropicApiUrl: server.url,
    maxTokens: 100,
    streaming,
  });

const evaluate = (program: Runnable<{ text: string }>, text: string, limits: object) =>
  gepa(program).compile({
    // Scores the seed on the whole valset.
    search: 'reference',
    trainset: [{ id: '0', input: { text } }],
    valset: [1, 2, 3].map((id) => ({ id: String(id), input: { text } })),
    metric: () => 0.5,
    concurrency: 1,
    maxIterations: 3,
    propose: async () => ({}),
    ...limits,
  });

it.each<[string, () => Runnable<{ text: string }>]>([
  ['an answer', () => prompt.pipe(claude(false))],
  ['a streamed answer', () => prompt.pipe(claude(true))],
  [
    'an answer that the program streams',
    () =>
      prompt.pipe(
        RunnableLambda.from(async (value: ChatPromptValueInterface, config) => {
          let text = '';
          for await (const chunk of await claude(false).stream(value.toChatMessages(), config))
            text += chunk.text;
          return text;
        }),
      ),
  ],
])('the token counts of %s of Anthropic are exact', async (_, program) => {
  const { result } = await evaluate(program(), 'x', { maxMetricCalls: 3 });
  expect(result.usage).toMatchObject({
    modelCalls: 3,
    inputTokens: 3 * 52,
    cachedInputTokens: 3 * 7,
    cacheWriteTokens: 3 * 5,
    outputTokens: 3 * 57,
  });
});

const meteredProgram = () =>
  prompt.pipe(
    RunnableLambda.from(async (value: ChatPromptValueInterface) => {
      const client = metered(new OpenAI({ apiKey: 'key', baseURL: `${server.url}/v1` }));
      const content = value.toChatMessages().at(-1)!.text;
      const answer = await client.chat.completions.create({
        model: 'm',
        max_tokens: 100,
        messages: [{ role: 'user', content }],
      });
      return answer.choices[0]!.message.content;
    }),
  );

it.each([
  ['LangChain', () => prompt.pipe(chatModel())],
  ['a metered client', meteredProgram],
])(
  'thoughts that a provider counts only in total_tokens are output, in the usage of %s',
  async (_, program) => {
    const usage = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 530 };
    const { result } = await evaluate(program(), JSON.stringify(usage), { maxMetricCalls: 3 });
    expect(result.usage).toMatchObject({ modelCalls: 3, inputTokens: 60, outputTokens: 3 * 510 });
  },
);

const programs: [string, () => Runnable<{ text: string }>][] = [
  ['LangChain', () => prompt.pipe(chatModel())],
  ['a metered client', meteredProgram],
];
const counts: [string, object | undefined][] = [
  ['without counts', undefined],
  ['without completion_tokens', { prompt_tokens: 20 }],
  ['with a negative count', { prompt_tokens: 20, completion_tokens: -500, total_tokens: -480 }],
  ['with counts that are strings', { prompt_tokens: '20', completion_tokens: '10', total_tokens: '30' }],
];
it.each(
  programs.flatMap(([name, program]) => counts.map(([what, usage]) => ({ name, program, what, usage }))),
)('an answer $what stays charged at its maximum in a run of $name', async ({ program, usage }) => {
  const text = JSON.stringify(usage ?? null);
  const limits = { maxTokens: 3_500 };
  const { result } = await evaluate(program(), text, limits);
  expect(result.stopReason).toBe('maxTokens');
  expect(result.usage.outputTokens).toBe(0);
  expect(result.warnings.join()).toContain('missing, partial or invalid token counts');
});
