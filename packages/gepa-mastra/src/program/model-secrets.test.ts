import { Agent } from '@mastra/core/agent';
import { expect, it } from 'vitest';
import { modelSecrets } from './model-secrets.ts';

type Model = Agent['model'];

const agentWith = (model: unknown) =>
  new Agent({ id: 'a', name: 'a', instructions: 'Be kind.', model: model as Model });

it.each<[string, unknown]>([
  ['a model config', { id: 'local/simulated', url: 'http://localhost/v1', apiKey: 'the-secret' }],
  [
    'headers of a model config',
    { id: 'local/simulated', url: 'http://localhost/v1', headers: { Authorization: 'Bearer the-secret' } },
  ],
  ['a list of models', [{ model: { id: 'local/one', url: 'http://localhost/v1', apiKey: 'the-secret' } }]],
  [
    'a model of the AI SDK, which makes its headers in a function',
    {
      specificationVersion: 'v2',
      provider: 'openai.chat',
      modelId: 'gpt-4.1-mini',
      config: { headers: () => ({ Authorization: 'Bearer the-secret' }) },
    },
  ],
])('modelSecrets finds the key in %s', (_, model) => {
  expect(modelSecrets([agentWith(model)])).toContain('the-secret');
});

it('modelSecrets finds the key of the model for structured output in the options of a rollout', () => {
  const model = { id: 'local/simulated', url: 'http://localhost/v1', apiKey: 'the-secret' };
  expect(modelSecrets([], { structuredOutput: { model } })).toEqual(['the-secret']);
});

it('modelSecrets ignores a model whose headers cannot be made without a key', () => {
  const config = {
    headers: () => {
      throw new Error('OPENAI_API_KEY is missing');
    },
  };
  expect(
    modelSecrets([agentWith({ specificationVersion: 'v2', provider: 'p', modelId: 'm', config })]),
  ).toEqual([]);
});
