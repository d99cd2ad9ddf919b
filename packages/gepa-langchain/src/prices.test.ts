import { ChatPromptTemplate } from '@langchain/core/prompts';
import { OptionsError } from 'gepa-core';
import { priceSuite } from 'gepa-test-server/suites';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

const own = { input: 40, cachedInput: 10, output: 0 };

priceSuite('a chain', {
  improvedText: 'Sort with care: {text}',
  unpriced: 'my-model',
  priced: { program: 'gpt-4.1-mini-2025-04-14', reflection: 'gpt-4.1-mini' },
  own: {
    models: { program: 'gpt-4.1-mini-2025-04-14', reflection: 'gpt-4.1-mini' },
    // Also priced by it: the dated name of the same model.
    prices: { 'gpt-4.1-mini': own },
    charged: { 'gpt-4.1-mini-2025-04-14': own, 'gpt-4.1-mini': own },
  },
  refusal: OptionsError,
  compile(server, { program, reflection }, prices) {
    const chain = ChatPromptTemplate.fromTemplate('Sort: {text}').pipe(
      modelOf(server, { model: program, maxTokens: 100 }),
    );
    return gepa(chain).compile({
      trainset: [{ input: { text: 'a b' } }],
      valset: [{ input: { text: 'c d' } }],
      metric: () => 0,
      maxCostUsd: 1,
      maxIterations: 1,
      prices,
      reflectionModel: modelOf(server, { model: reflection, maxTokens: 100 }),
    });
  },
});
