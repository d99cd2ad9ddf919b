import { ChatAnthropic } from '@langchain/anthropic';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ChatOpenAI } from '@langchain/openai';
import { SeedError } from 'gepa-core';
import { startFailingServer } from 'gepa-test-server';
import { beforeAll, describe, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { modelHosts } from './program/model-hosts.ts';

/** Nothing listens there any more. */
let url: string;
beforeAll(async () => {
  const server = await startFailingServer();
  await server.close();
  url = server.url;
});

// `maxRetries` keeps its default, with which the clients would try for minutes.
const models = {
  ChatOpenAI: () =>
    new ChatOpenAI({ model: 'simulated', apiKey: 'unused', configuration: { baseURL: `${url}/v1` } }),
  ChatAnthropic: () => new ChatAnthropic({ model: 'simulated', apiKey: 'unused', anthropicApiUrl: url }),
};

describe.each(Object.entries(models))('%s at a wrong port', (name, create) => {
  it(`${name}: the run ends within seconds, with the address in the error and in each retry`, async () => {
    const model = create();
    const { caller } = model;
    const ownFields = { ...caller };
    const messages: string[] = [];
    const error = await gepa(ChatPromptTemplate.fromMessages([['system', 'Answer.']]).pipe(model))
      .compile({
        trainset: [{ input: {} }],
        metric: () => 1,
        reflectionModel: async () => '```\nAnswer.\n```',
        maxMetricCalls: 1,
        retry: { minDelayMs: 10 },
        onEvent: (event) => {
          if (event.type === 'retried') messages.push(event.message);
        },
      })
      .catch((error: unknown) => error);
    const { host } = new URL(url);
    expect(error).toBeInstanceOf(SeedError);
    expect((error as Error).message).toContain(host);
    expect(messages).toHaveLength(3);
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
