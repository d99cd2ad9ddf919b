// @module-tag slow
import dns from 'node:dns';
import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { ChatMistralAI } from '@langchain/mistralai';
import { ChatOpenAI } from '@langchain/openai';
import { SeedError } from 'gepa-core';
import { startFailingServer } from 'gepa-test-server';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { gepa } from './gepa.ts';
import { modelHosts } from './program/model-hosts.ts';
import { bedrock, clients } from './testing/clients.ts';

/** Nothing listens there any more. */
let url: string;
beforeAll(async () => {
  const server = await startFailingServer();
  await server.close();
  url = server.url;
});

// `maxRetries` keeps its default, with which the clients would try for minutes.
const models = {
  ChatOpenAI: () => clients.openai(url),
  ChatAnthropic: () => clients.anthropic(url),
  ChatGoogleGenerativeAI: () => clients.google(url),
  ChatMistralAI: () => clients.mistral(url),
  ChatOllama: () => clients.ollama(url),
  ChatBedrockConverse: () => clients.aws(url),
  'ChatBedrockConverse over HTTP/2': () => bedrock({ endpoint: url }),
};

/** Compiles a program, and returns how that ends, with what was said about each retry. */
async function outcomeOf(program: BaseChatModel, options: object = {}) {
  const retries: string[] = [];
  const error = await gepa(ChatPromptTemplate.fromMessages([['system', 'Answer.']]).pipe(program))
    .compile({
      trainset: [{ input: {} }],
      metric: () => 1,
      reflectionModel: async () => '```\nAnswer.\n```',
      maxMetricCalls: 1,
      retry: { minDelayMs: 10 },
      onEvent: (event) => {
        if (event.type === 'retried') retries.push(event.message);
      },
      ...options,
    })
    .then(
      ({ result }) => result,
      (error: unknown) => error,
    );
  return { error, retries };
}

describe.each(Object.entries(models))('%s at a wrong port', (name, create) => {
  it(`${name}: the run ends within seconds, with the address in the error and in each retry`, async () => {
    const model = create();
    const { caller } = model;
    const ownFields = { ...caller };
    const { error, retries: messages } = await outcomeOf(model);
    const { host } = new URL(url);
    expect(error).toBeInstanceOf(SeedError);
    expect((error as Error).message).toContain(host);
    expect(messages.length).toBeGreaterThanOrEqual(3);
    for (const message of messages) expect(message).toContain(`ECONNREFUSED ${host}`);
    // The model of the user is the same as before.
    expect(model.caller).toBe(caller);
    expect({ ...caller }).toEqual(ownFields);
  });
});

it('a reflection model at a wrong port ends the run within seconds, with the scores so far', async () => {
  const program = ChatPromptTemplate.fromMessages([['system', 'Answer.']]).pipe(
    new FakeListChatModel({ responses: ['no'] }),
  );
  const { result } = await gepa(program).compile({
    trainset: [{ input: {} }],
    metric: () => 0.5,
    reflectionModel: models.ChatOpenAI(),
    maxMetricCalls: 20,
    retry: { minDelayMs: 10 },
  });
  expect(result.stopReason).toBe('providerUnavailable');
  expect(result.retries).toBe(3);
  expect(result.warnings.join()).toContain(new URL(url).host);
});

it('modelHosts finds the address of each model and no other', () => {
  const program = ChatPromptTemplate.fromMessages([['system', 'See https://example.org/a.']]).pipe(
    models.ChatOpenAI(),
  );
  expect(modelHosts(program)).toEqual(new Set([new URL(url).host]));
  expect(modelHosts(new ChatOpenAI({ model: 'simulated', apiKey: 'unused' }))).toEqual(new Set());
});

describe('at the default address of a provider, without a network', () => {
  beforeEach(() => {
    vi.stubEnv('OPENAI_BASE_URL', undefined);
    vi.spyOn(dns, 'lookup').mockImplementation(((host: string, ...rest: unknown[]) => {
      const fail = rest.at(-1) as (error: Error) => void;
      fail(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
    }) as never);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  const options = { model: 'simulated', apiKey: 'unused' };
  it.each([
    ['api.openai.com', () => new ChatOpenAI(options)],
    ['api.anthropic.com', () => new ChatAnthropic(options)],
    ['generativelanguage.googleapis.com', () => new ChatGoogleGenerativeAI(options)],
    ['api.mistral.ai', () => new ChatMistralAI(options)],
    ['bedrock-runtime.us-east-1.amazonaws.com', () => bedrock({})],
  ])(
    'a model at %s ends the run within seconds, with the address in the error and in each retry',
    async (host, create) => {
      const { error, retries } = await outcomeOf(create());
      expect(error).toBeInstanceOf(SeedError);
      expect((error as Error).message).toContain(`ENOTFOUND ${host}`);
      expect(retries.length).toBeGreaterThanOrEqual(3);
      for (const message of retries) expect(message).toContain(`ENOTFOUND ${host}`);
    },
    20_000,
  );
});

it('a judge at a wrong port ends the run within seconds, with the address', async () => {
  const judge = models.ChatOpenAI();
  const { error } = await outcomeOf(new FakeListChatModel({ responses: ['no'] }) as never, {
    metric: async () => String((await judge.invoke('Score it.')).content).length,
  });
  expect(error).toBeInstanceOf(SeedError);
  expect((error as Error).message).toContain(`ECONNREFUSED ${new URL(url).host}`);
}, 30_000);

it('a wrong port does not end a program that goes on with another model', async () => {
  const primary = clients.openai(url, { maxRetries: 0 });
  const other = new FakeListChatModel({ responses: ['yes'], sleep: 1_000 });
  const { error } = await outcomeOf(primary.withFallbacks([other]) as never);
  expect(error).toMatchObject({ bestScore: 1 });
}, 15_000);
