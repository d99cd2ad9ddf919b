import { Agent } from '@mastra/core/agent';
import { ModelRouterLanguageModel } from '@mastra/core/llm';
import { MastraLanguageModelV2Mock } from '@mastra/core/test-utils/llm-mock';
import { expect, it } from 'vitest';
import { modelName, modelNames } from './model-names.ts';

const url = 'http://127.0.0.1:1/v1';
const router = (id: `${string}/${string}`) => new ModelRouterLanguageModel({ id, url });
const sdkModel = (provider: string, modelId: string) => new MastraLanguageModelV2Mock({ provider, modelId });

it.each([
  ['a router string', 'openai/gpt-5', 'openai/gpt-5'],
  ['a config', { id: 'local/m', url }, 'local/m'],
  ['a config in parts', { providerId: 'local', modelId: 'm', url }, 'local/m'],
  ['a model of the router', router('openai/gpt-5'), 'openai/gpt-5'],
  ['one behind a gateway', router('openrouter/openai/gpt-5'), 'openrouter/openai/gpt-5'],
  ['a model of the AI SDK', sdkModel('openai.responses', 'gpt-5'), 'openai/gpt-5'],
  ['another', sdkModel('groq', 'llama-3.3'), 'groq/llama-3.3'],
  ['one without a provider', { modelId: 'm' }, 'm'],
  ['one that is made on call', () => 'openai/gpt-5', undefined],
  ['nothing', undefined, undefined],
])('the model name of %s is found', (_, model, name) => {
  expect(modelName(model)).toBe(name);
});

const agentWith = (options: Partial<ConstructorParameters<typeof Agent>[0]>) =>
  new Agent({ id: 'a', name: 'A', instructions: 'Do.', model: 'openai/own', ...options } as never);

it.each([
  ['its own', {}, {}, ['openai/own']],
  [
    'those of the default options',
    { defaultOptions: { model: 'openai/default' } as never },
    {},
    ['openai/default'],
  ],
  ['those of the call', {}, { model: 'openai/call' }, ['openai/call']],
  [
    'that of structured output',
    {},
    { structuredOutput: { model: 'openai/shaping' } },
    ['openai/own', 'openai/shaping'],
  ],
  [
    'fallbacks that are in use',
    {
      model: [{ model: 'openai/first' }, { model: 'openai/second' }, { model: 'openai/off', enabled: false }],
    } as never,
    {},
    ['openai/first', 'openai/second'],
  ],
  ['none that a function chooses', { model: () => 'openai/own' as const }, {}, []],
  [
    'its own where the default options depend on the request',
    {
      defaultOptions: (() => {
        throw new Error('no request');
      }) as never,
    },
    {},
    ['openai/own'],
  ],
])('the model names of an agent %s are found', (_, options, config, names) => {
  const agent = agentWith(options);
  expect(modelNames(agent, [agent, agent.id], config)).toEqual(names);
});
