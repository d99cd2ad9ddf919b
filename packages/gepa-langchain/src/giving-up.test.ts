import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { SeedError } from 'gepa-core';
import { type RawResponse, sendJson, startFailingServer, startServer } from 'gepa-test-server';
import {
  expectGivenUp,
  givingUpSuite,
  outcomeByTestClock,
  type RunOptions,
  useServer,
} from 'gepa-test-server/suites';
import { expect, it, vi } from 'vitest';
import { gepa } from './gepa.ts';
import { clients } from './testing/clients.ts';

const overloaded: RawResponse = { status: 503, body: '{"error":"overloaded"}' };

/** Compiles a program of the model. */
const compile = (
  model: BaseChatModel,
  options: RunOptions & {
    readonly metric?: () => Promise<number>;
    readonly trainset?: { input: object; id: string }[];
  },
) =>
  gepa(ChatPromptTemplate.fromMessages([['system', 'Answer.']]).pipe(model)).compile({
    trainset: [{ id: 'a', input: {} }],
    metric: () => 1,
    reflectionModel: async () => '```\nAnswer.\n```',
    maxMetricCalls: 4,
    ...options,
  });

givingUpSuite('LangChain', {
  seedError: SeedError,
  overloaded,
  programs: Object.fromEntries(
    Object.entries(clients).map(([provider, client]) => [
      `the client of ${provider}`,
      (url: string, options: RunOptions) => compile(client(url), options),
    ]),
  ),
  readsRetryAfter: ['openai', 'mistral', 'aws'].map((provider) => `the client of ${provider}`),
});

const server = useServer(startFailingServer);

const outcomeOf = (model: BaseChatModel, more: Omit<Parameters<typeof compile>[1], 'onEvent'> = {}) =>
  outcomeByTestClock((options) => compile(model, { ...options, ...more }));

it('a client that reads a page instead of an answer again and again is given up after about two minutes', async () => {
  const body = '<html>Sign in</html>';
  server.response = { status: 200, body, headers: { 'content-type': 'text/html' } };
  const { outcome, retries, seconds } = await outcomeOf(clients.openai(server.url));
  expect(outcome).toBeInstanceOf(SeedError);
  expect(seconds).toBeGreaterThan(60);
  // No longer than a client's longest wait beyond that.
  expect(seconds).toBeLessThan(121 + 64);
  expect(retries.length).toBeGreaterThan(3);
}, 60_000);

it('a judge whose provider is down is given up after two minutes, its own retries included', async () => {
  server.response = overloaded;
  const judge = clients.openai(server.url);
  const ended = await outcomeOf(new FakeListChatModel({ responses: ['no'] }), {
    metric: async () => String((await judge.invoke('Score it.')).content).length,
  });
  expect(ended.outcome).toBeInstanceOf(SeedError);
  expectGivenUp(ended);
  expect(ended.retries.length).toBeGreaterThan(6);
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
  const { outcome, retries } = await outcomeOf(clients.openai(slow.url));
  await slow.close();
  expect(outcome).toMatchObject({ bestScore: 1 });
  expect(retries).toHaveLength(1);
}, 60_000);

it('a client whose calls wait for each other is given up after two minutes, its own retries included', async () => {
  server.response = overloaded;
  const model = clients.openai(server.url, { maxConcurrency: 1 });
  const trainset = ['a', 'b', 'c', 'd'].map((id) => ({ id, input: { id } }));
  const ended = await outcomeOf(model, { trainset });
  expect(ended.outcome).toBeInstanceOf(SeedError);
  expectGivenUp(ended);
}, 60_000);
