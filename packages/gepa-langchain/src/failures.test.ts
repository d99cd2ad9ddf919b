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

it.each([
  ...failureCases,
  { name: 'no answer', reply: { connection: 'hangs' }, kind: 'transient', timeout: 20 } as const,
])('the error of a LangChain model after $name is classified as $kind', async ({ kind, ...failure }) => {
  reply = failure.reply;
  const model = server.model('timeout' in failure ? { timeout: failure.timeout } : {});
  const error = await model.invoke('hello').catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  expect(failureKind(error)).toBe(kind);
});
