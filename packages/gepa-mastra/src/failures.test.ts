import { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { failureKind } from 'gepa-core';
import { type ChatReply, failureCases } from 'gepa-test-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
let reply: ChatReply;
beforeAll(async () => {
  server = await startOpenAIServer(() => reply);
});
afterAll(() => server.close());

it.each(failureCases)('the error of a Mastra agent after $name is classified as $kind', async (failure) => {
  reply = failure.reply;
  const agent = new Agent({
    id: 'agent',
    name: 'Agent',
    instructions: 'Answer.',
    model: server.model,
    maxRetries: 0,
  });
  agent.__setLogger(noopLogger);
  const error = await agent.generate('hello').catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  expect(failureKind(error)).toBe(failure.kind);
});
