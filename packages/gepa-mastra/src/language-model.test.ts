import { Agent } from '@mastra/core/agent';
import { MockMemory } from '@mastra/core/memory';
import { OptionsError } from 'gepa-core';
import { imageReadingSuite, reflectionModelSuite, replyToPrompt } from 'gepa-test-server/suites';
import { expect, it, vi } from 'vitest';
import { fromModel } from './language-model.ts';
import { modelOf, useOpenAIServer } from './testing/openai-server.ts';

reflectionModelSuite('a model of Mastra', {
  modelName: 'local/simulated',
  modelOf: (server) => fromModel(modelOf(server)),
});
imageReadingSuite('a model of Mastra', (server, options) => fromModel(modelOf(server), options));

const server = useOpenAIServer(replyToPrompt);

const { signal } = new AbortController();

it('an agent as reflection model uses its own instructions and no memory', async () => {
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

it('a model object or a function can be the reflection model', async () => {
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

it('a reflection model rejects with an error that is classified as transient', async () => {
  const failure: unknown = await fromModel(server.model)({ prompt: 'refuse', signal }).catch(
    (error: unknown) => error,
  );
  const causes = [];
  for (let error = failure as { cause?: unknown } | undefined; error; error = error.cause as never)
    causes.push((error as { statusCode?: number }).statusCode);
  expect(causes).toContain(429);
});

it('a value that is not a model is refused', () => {
  expect(() => fromModel({} as never)).toThrow(OptionsError);
  expect(() => fromModel(undefined as never)).toThrow('undefined');
});

const reflects = (model: unknown, more: object = {}) =>
  new Agent({ id: 'editor', name: 'Editor', instructions: 'Edit.', model: model as never, ...more });

it('an agent without an API key for any of its models is refused', () => {
  vi.stubEnv('OPENAI_API_KEY', undefined);
  try {
    for (const agent of [
      reflects('openai/gpt-5'),
      reflects({ id: 'openai/gpt-5' }),
      reflects([{ model: 'openai/gpt-5' }]),
      reflects(server.model, { defaultOptions: { model: 'openai/gpt-5' } }),
    ]) {
      expect(() => fromModel(agent)).toThrow(OptionsError);
      expect(() => fromModel(agent)).toThrow('agent editor needs an API key: set OPENAI_API_KEY');
    }
    // One of its models has a key, or the model is not known in advance.
    for (const agent of [
      reflects(server.model),
      reflects({ id: 'openai/gpt-5', apiKey: 'key' }),
      reflects([{ model: 'openai/gpt-5' }, { model: server.model }]),
      reflects([{ model: 'openai/gpt-5', enabled: false }, { model: server.model }]),
      reflects(() => 'openai/gpt-5'),
    ])
      expect(fromModel(agent)).toBeTypeOf('function');
  } finally {
    vi.unstubAllEnvs();
  }
});
