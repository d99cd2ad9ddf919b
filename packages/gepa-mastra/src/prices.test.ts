import { Agent } from '@mastra/core/agent';
import { OptionsError } from 'gepa-core';
import { priceSuite } from 'gepa-test-server/suites';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

const own = { input: 400, cachedInput: 100, output: 0 };
const free = { input: 0, output: 0 };

priceSuite('an agent', {
  improvedText: 'Sort with care.',
  unpriced: 'local/m',
  // The names that Mastra's router knows.
  priced: { program: 'groq/llama-3.3-70b-versatile', reflection: 'openai/gpt-4.1-mini' },
  own: {
    models: { program: 'local/m', reflection: 'openai/gpt-4.1-mini' },
    prices: { m: own, 'gpt-4.1-mini': free },
    charged: { 'local/m': own, 'openai/gpt-4.1-mini': free },
  },
  refusal: OptionsError,
  compile(server, { program, reflection }, prices) {
    const model = (id: string) => ({
      ...modelOf(server),
      id: id as `${string}/${string}`,
      apiKey: 'unused',
    });
    const agent = new Agent({
      id: 'a',
      name: 'A',
      instructions: 'Sort these.',
      model: model(program),
      defaultOptions: { modelSettings: { maxOutputTokens: 500 } },
    });
    return gepa(agent).compile({
      trainset: [{ input: 'a b' }],
      valset: [{ input: 'c d' }],
      metric: () => 0,
      maxCostUsd: 1,
      reserve: { outputTokens: 500 },
      maxIterations: 1,
      prices,
      reflectionModel: model(reflection),
    });
  },
});
