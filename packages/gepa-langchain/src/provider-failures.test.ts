// @module-tag slow
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatBedrockConverse } from '@langchain/aws';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { ChatMistralAI } from '@langchain/mistralai';
import { ChatOllama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SeedError } from 'gepa-core';
import { type FailingServer, type Provider, providerFailures, startFailingServer } from 'gepa-test-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa } from './gepa.ts';

let server: FailingServer;
beforeAll(async () => {
  server = await startFailingServer();
});
afterAll(() => server.close());

const once = { model: 'simulated', apiKey: 'unused', maxRetries: 0 };
const models: Readonly<Record<Provider, () => BaseChatModel>> = {
  openai: () => new ChatOpenAI({ ...once, configuration: { baseURL: `${server.url}/v1` } }),
  anthropic: () => new ChatAnthropic({ ...once, anthropicApiUrl: server.url }),
  google: () => new ChatGoogleGenerativeAI({ ...once, baseUrl: server.url }),
  mistral: () => new ChatMistralAI({ ...once, serverURL: server.url }),
  ollama: () => new ChatOllama({ model: 'simulated', maxRetries: 0, baseUrl: server.url }),
  aws: () => {
    const credentials = { accessKeyId: 'unused', secretAccessKey: 'unused' };
    // Over HTTP/1.1, which the loopback server speaks.
    const requestHandler = new NodeHttpHandler();
    const region = 'us-east-1';
    const client = new BedrockRuntimeClient({
      region,
      credentials,
      endpoint: server.url,
      requestHandler,
      maxAttempts: 1,
    });
    return new ChatBedrockConverse({ model: 'simulated', region, credentials, client, maxRetries: 0 });
  },
};

/** What a run makes of a model whose every call fails: the retries, and the scores, unless the run ended. */
async function outcomeOf(model: BaseChatModel) {
  let retries = 0;
  const chain = ChatPromptTemplate.fromMessages([['system', 'Answer.']])
    .pipe(model)
    .pipe(new StringOutputParser());
  const outcome = await gepa(chain)
    .compile({
      trainset: [{ input: {} }],
      metric: () => 1,
      reflectionModel: async () => '```\nAnswer.\n```',
      maxMetricCalls: 1,
      retry: { retries: 1, minDelayMs: 0, maxDelayMs: 1 },
      onEvent: ({ type }) => {
        if (type === 'retried') retries++;
      },
    })
    .then(
      ({ result }) => result.candidates[0]!.scores,
      (error: unknown) => error,
    );
  return { retries, outcome };
}

it.each(providerFailures)(
  'a chain whose $provider model gets "$name" ($response.status) fails in a way that is "$kind"',
  async ({ provider, kind, response }) => {
    server.response = response;
    const { retries, outcome } = await outcomeOf(models[provider]());
    if (kind === 'program') {
      expect(outcome).toEqual([0]);
    } else {
      // No score at all.
      expect(outcome).toBeInstanceOf(SeedError);
    }
    expect(retries).toBe(kind === 'transient' ? 1 : 0);
  },
);
