import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatOpenAI } from '@langchain/openai';
import { SeedError } from 'gepa-core';
import { startFailingServer } from 'gepa-test-server';
import { expect, it } from 'vitest';
import { gepa } from '../gepa.ts';

it('a wrong port ends a run within seconds although the client would retry for minutes, and the error has the address', async () => {
  // Nothing listens on the port any more; `maxRetries` keeps its default.
  const closed = await startFailingServer();
  await closed.close();
  const model = new ChatOpenAI({
    model: 'simulated',
    apiKey: 'unused',
    configuration: { baseURL: `${closed.url}/v1` },
  });
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
  expect(error).toBeInstanceOf(SeedError);
  expect((error as Error).message).toContain(new URL(closed.url).host);
  expect(messages).toHaveLength(3);
  expect(messages[0]).toContain(new URL(closed.url).host);
}, 15_000);
