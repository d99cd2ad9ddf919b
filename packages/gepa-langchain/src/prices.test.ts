import { ChatPromptTemplate } from '@langchain/core/prompts';
import { OptionsError, type Price } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer(() => ({
    content: '```\nSort with care: {text}\n```',
    cached: { cached_tokens: 2 },
  }));
});
afterAll(() => server.close());

const chain = (model: string) =>
  ChatPromptTemplate.fromTemplate('Sort: {text}').pipe(server.model({ model, maxTokens: 100 }));
const settings = {
  trainset: [{ input: { text: 'a b' } }],
  valset: [{ input: { text: 'c d' } }],
  metric: () => 0,
  maxCostUsd: 1,
  maxIterations: 1,
};

it.each([
  ['of the program', 'my-model', 'gpt-4.1-mini'],
  ['that reflects', 'gpt-4.1-mini', 'my-model'],
])(
  'under a bound on cost, a model %s without a price is refused before any call',
  async (_, own, reflecting) => {
    const running = gepa(chain(own)).compile({
      ...settings,
      reflectionModel: server.model({ model: reflecting }),
    });
    await expect(running).rejects.toThrow(OptionsError);
    await expect(running).rejects.toThrow("prices: { 'my-model': { input: 1, output: 2 } }");
    expect(server.requests).toEqual([]);
  },
);

const spent = async (prices?: Record<string, Price>) => {
  const { result } = await gepa(chain('gpt-4.1-mini-2025-04-14')).compile({
    ...settings,
    ...(prices === undefined ? {} : { prices }),
    reflectionModel: server.model({ model: 'gpt-4.1-mini', maxTokens: 100 }),
  });
  return result.usage;
};

it('the catalogue prices the calls of program and reflection', async () => {
  const { costUsd, byModel = {} } = await spent();
  expect(Object.keys(byModel)).toEqual(['gpt-4.1-mini-2025-04-14', 'gpt-4.1-mini']);
  expect(costUsd).toBeGreaterThan(0);
});

it('a price of the caller is good for the dated name too, and prices cached tokens as such', async () => {
  const price = { input: 40, cachedInput: 10, output: 0 };
  const { inputTokens, cachedInputTokens = 0, costUsd } = await spent({ 'gpt-4.1-mini': price });
  expect(cachedInputTokens).toBeGreaterThan(0);
  expect(costUsd).toBeCloseTo(((inputTokens - cachedInputTokens) * 40 + cachedInputTokens * 10) / 1e6, 9);
});
