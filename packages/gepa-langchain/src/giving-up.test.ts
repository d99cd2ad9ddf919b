import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatBedrockConverse } from '@langchain/aws';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { ChatMistralAI } from '@langchain/mistralai';
import { ChatOllama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SeedError } from 'gepa-core';
import {
  type FailingServer,
  type RawResponse,
  sendJson,
  startFailingServer,
  startServer,
  watchRequestsInProgress,
} from 'gepa-test-server';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { gepa } from './gepa.ts';

let server: FailingServer;
beforeAll(async () => {
  server = await startFailingServer();
});
afterAll(() => server.close());
afterEach(() => {
  vi.useRealTimers();
});

const busy: RawResponse = { status: 503, body: '{"error":"overloaded"}' };
const page: RawResponse = {
  status: 200,
  body: '<html>Sign in</html>',
  headers: { 'content-type': 'text/html' },
};

/** Their own retries are the default ones, or more. */
const models: Readonly<Record<string, () => BaseChatModel>> = {
  ChatOpenAI: () =>
    new ChatOpenAI({ model: 'simulated', apiKey: 'unused', configuration: { baseURL: `${server.url}/v1` } }),
  ChatAnthropic: () =>
    new ChatAnthropic({ model: 'simulated', apiKey: 'unused', anthropicApiUrl: server.url }),
  ChatGoogleGenerativeAI: () =>
    new ChatGoogleGenerativeAI({ model: 'simulated', apiKey: 'unused', baseUrl: server.url }),
  ChatMistralAI: () => new ChatMistralAI({ model: 'simulated', apiKey: 'unused', serverURL: server.url }),
  ChatOllama: () => new ChatOllama({ model: 'simulated', baseUrl: server.url }),
  ChatBedrockConverse: () => {
    const credentials = { accessKeyId: 'unused', secretAccessKey: 'unused' };
    const region = 'us-east-1';
    const client = new BedrockRuntimeClient({
      region,
      credentials,
      endpoint: server.url,
      // Over HTTP/1.1, which the loopback server speaks.
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 30,
    });
    return new ChatBedrockConverse({ model: 'simulated', region, credentials, client });
  },
};

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Compiles a program of the model by a clock that stands still while a request is in progress. */
async function outcomeOf(
  model: BaseChatModel,
  options: {
    readonly metric?: () => Promise<number>;
    readonly trainset?: { input: object; id: string }[];
  } = {},
) {
  const requests = watchRequestsInProgress();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const startedAt = performance.now();
  const retries: string[] = [];
  let outcome: unknown;
  const program = ChatPromptTemplate.fromMessages([['system', 'Answer.']]).pipe(model);
  void gepa(program)
    .compile({
      trainset: options.trainset ?? [{ id: 'a', input: {} }],
      metric: options.metric ?? (() => 1),
      reflectionModel: async () => '```\nAnswer.\n```',
      maxMetricCalls: 4,
      onEvent: (event) => {
        if (event.type === 'retried') retries.push(event.message);
      },
    })
    .then(
      ({ result }) => {
        outcome = result;
      },
      (error: unknown) => {
        outcome = error;
      },
    );
  // What comes before the first request takes any time.
  while (requests.total === 0) await nextTurn();
  let quietTurns = 0;
  for (let { total } = requests; outcome === undefined; { total } = requests) {
    await nextTurn();
    quietTurns = requests.count > 0 || requests.total !== total ? 0 : quietTurns + 1;
    if (quietTurns > 50) {
      quietTurns = 0;
      await vi.advanceTimersToNextTimerAsync();
    }
  }
  requests.stop();
  return { outcome, retries, seconds: (performance.now() - startedAt) / 1000 };
}

it.each(Object.entries(models))(
  '%s, whose provider is down, is given up after two minutes, its own retries included, and shows each of them',
  async (_, create) => {
    server.response = busy;
    const before = server.requests;
    const { outcome, retries, seconds } = await outcomeOf(create());
    expect(outcome).toBeInstanceOf(SeedError);
    expect((outcome as Error).message).toMatch(/503|overloaded/);
    expect(seconds).toBeGreaterThan(60);
    expect(seconds).toBeLessThan(130);
    expect(retries.length).toBeGreaterThan(3);
    expect(retries).toHaveLength(server.requests - before - 1);
    for (const message of retries) expect(message).toMatch(/503|overloaded/);
  },
  60_000,
);

it('a client that reads a page instead of an answer again and again is given up after about two minutes', async () => {
  server.response = page;
  const { outcome, retries, seconds } = await outcomeOf(models.ChatOpenAI!());
  expect(outcome).toBeInstanceOf(SeedError);
  expect(seconds).toBeGreaterThan(60);
  // No longer than a client's longest wait beyond that.
  expect(seconds).toBeLessThan(121 + 64);
  expect(retries.length).toBeGreaterThan(3);
}, 60_000);

it.each(['ChatOpenAI', 'ChatMistralAI', 'ChatBedrockConverse'] as const)(
  'a retry-after beyond the two minutes ends a run of %s at once, though the client would try again',
  async (name) => {
    server.response = { ...busy, headers: { 'retry-after': '3600' } };
    const { outcome, seconds } = await outcomeOf(models[name]!());
    expect(outcome).toBeInstanceOf(SeedError);
    expect((outcome as Error).message).toMatch(/503|overloaded/);
    expect(seconds).toBeLessThan(5);
  },
  60_000,
);

it('a judge whose provider is down is given up after two minutes, its own retries included', async () => {
  server.response = busy;
  const judge = models.ChatOpenAI!();
  const { outcome, retries, seconds } = await outcomeOf(new FakeListChatModel({ responses: ['no'] }), {
    metric: async () => String((await judge.invoke('Score it.')).content).length,
  });
  expect(outcome).toBeInstanceOf(SeedError);
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThan(130);
  expect(retries.length).toBeGreaterThan(6);
}, 60_000);

it('a try that is answered after the deadline counts', async () => {
  let requests = 0;
  const slow = await startServer(async (_, response) => {
    if (++requests === 1) return void response.writeHead(503).end();
    // The clock of the run goes on while the second try is in progress.
    await vi.advanceTimersByTimeAsync(200_000);
    const message = { role: 'assistant', content: 'yes' };
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    sendJson(response, 200, { id: '1', choices: [{ index: 0, finish_reason: 'stop', message }], usage });
  });
  const configuration = { baseURL: `${slow.url}/v1` };
  const model = new ChatOpenAI({ model: 'simulated', apiKey: 'unused', configuration });
  const { outcome, retries } = await outcomeOf(model);
  await slow.close();
  expect(outcome).toMatchObject({ bestScore: 1 });
  expect(retries).toHaveLength(1);
}, 60_000);

it('a client whose calls wait for each other is given up after two minutes, its own retries included', async () => {
  server.response = busy;
  const model = new ChatOpenAI({
    model: 'simulated',
    apiKey: 'unused',
    maxConcurrency: 1,
    configuration: { baseURL: `${server.url}/v1` },
  });
  const trainset = ['a', 'b', 'c', 'd'].map((id) => ({ id, input: { id } }));
  const { outcome, seconds } = await outcomeOf(model, { trainset });
  expect(outcome).toBeInstanceOf(SeedError);
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThan(130);
}, 60_000);
