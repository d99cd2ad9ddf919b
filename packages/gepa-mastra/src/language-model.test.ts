import { Agent } from '@mastra/core/agent';
import { MockMemory } from '@mastra/core/memory';
import { OptionsError } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromModel } from './language-model.ts';
import { type OpenAIServer, startOpenAIServer, systemOf } from './testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer(async (request) => {
    const prompt = String(request.messages.at(-1)?.content);
    if (prompt === 'refuse') return { status: 429, error: 'rate limit' };
    if (prompt === 'wait') await new Promise(() => {});
    if (prompt === 'silence') return '';
    if (prompt === 'long') return { content: 'cut', finishReason: 'length' };
    return `${systemOf(request)}re: ${prompt}`;
  });
});
afterAll(() => server.close());

const { signal } = new AbortController();

it('answers with text, usage and the reason it stopped', async () => {
  const model = fromModel(server.model);
  expect(await model({ prompt: 'two words', signal })).toEqual({
    text: 're: two words',
    finishReason: 'stop',
    usage: {
      modelCalls: 1,
      inputTokens: 2,
      outputTokens: 3,
      byModel: { 'local/simulated': { modelCalls: 1, inputTokens: 2, outputTokens: 3 } },
    },
  });
  expect(await model({ prompt: 'long', signal })).toMatchObject({ text: 'cut', finishReason: 'length' });
});

it('tells an empty answer as empty', async () => {
  const answer = await fromModel(server.model)({ prompt: 'silence', signal }).catch((error: Error) => error);
  expect(answer instanceof Error ? answer.message : answer).toMatchObject({ text: '' });
});

it('takes an agent, with its own instructions and without its memory', async () => {
  const memory = new MockMemory();
  const agent = new Agent({
    id: 'editor',
    name: 'Editor',
    instructions: 'Edit. ',
    model: server.model,
    memory,
    defaultOptions: { memory: { thread: 't', resource: 'r' } },
  });
  expect(await fromModel(agent)({ prompt: 'x', signal })).toMatchObject({ text: 'Edit. re: x' });
  expect((await memory.listThreads({ filter: { resourceId: 'r' } })).threads).toEqual([]);
});

it('takes a model object, and a plain function as it is', async () => {
  const model = {
    specificationVersion: 'v2',
    provider: 'simulated',
    modelId: 'simulated',
    supportedUrls: {},
    doGenerate: async () => ({
      content: [{ type: 'text', text: 'made up' }],
      finishReason: 'stop',
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
      warnings: [],
    }),
    doStream: async () => {
      throw new Error('An answer is not streamed.');
    },
  };
  expect(await fromModel(model as never)({ prompt: 'x', signal })).toMatchObject({
    text: 'made up',
    usage: { inputTokens: 1, outputTokens: 2 },
  });
  const own = async () => 'mine';
  expect(fromModel(own)).toBe(own);
});

it('throws what makes a failure a passing one', async () => {
  const failure: unknown = await fromModel(server.model)({ prompt: 'refuse', signal }).catch(
    (error: unknown) => error,
  );
  const causes = [];
  for (let error = failure as { cause?: unknown } | undefined; error; error = error.cause as never)
    causes.push((error as { statusCode?: number }).statusCode);
  expect(causes).toContain(429);
});

it('throws when it is aborted, however quietly Mastra ends', async () => {
  const controller = new AbortController();
  const answer = fromModel(server.model)({ prompt: 'wait', signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 20);
  await expect(answer).rejects.toThrow('enough');
  await expect(fromModel(server.model)({ prompt: 'x', signal: controller.signal })).rejects.toThrow('enough');
});

it('refuses what is no model', () => {
  expect(() => fromModel({} as never)).toThrow(OptionsError);
  expect(() => fromModel(undefined as never)).toThrow('undefined');
});
