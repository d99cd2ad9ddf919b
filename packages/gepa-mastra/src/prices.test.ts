import { Agent } from '@mastra/core/agent';
import { OptionsError, type Price } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer(() => ({ content: '```\nSort with care.\n```', cachedTokens: 2 }));
});
afterAll(() => server.close());

const model = (id: `${string}/${string}`) => ({ ...server.model, id, apiKey: 'unused' });
const agent = (id: `${string}/${string}`) =>
  new Agent({
    id: 'a',
    name: 'A',
    instructions: 'Sort these.',
    model: model(id),
    defaultOptions: { modelSettings: { maxOutputTokens: 500 } },
  });
const settings = {
  trainset: [{ input: 'a b' }],
  valset: [{ input: 'c d' }],
  metric: () => 0,
  maxCostUsd: 1,
  reserve: { outputTokens: 500 },
  maxIterations: 1,
};

it.each([
  ['of the program', 'local/m', 'openai/gpt-4.1-mini'],
  ['that reflects', 'openai/gpt-4.1-mini', 'local/m'],
] as const)(
  'under a bound on cost, a model %s without a price is refused before any call',
  async (_, own, other) => {
    const running = gepa(agent(own)).compile({ ...settings, reflectionModel: model(other) });
    await expect(running).rejects.toThrow(OptionsError);
    await expect(running).rejects.toThrow("prices: { 'local/m': { input: 1, output: 2 } }");
    expect(server.requests).toEqual([]);
  },
);

const spent = async (id: `${string}/${string}`, prices?: Record<string, Price>) => {
  const { result } = await gepa(agent(id)).compile({
    ...settings,
    ...(prices === undefined ? {} : { prices }),
    reflectionModel: model('openai/gpt-4.1-mini'),
  });
  return result.usage;
};

it('the catalogue prices the calls of program and reflection, under the names the router knows', async () => {
  const { costUsd, byModel = {} } = await spent('groq/llama-3.3-70b-versatile');
  expect(Object.keys(byModel)).toEqual(['groq/llama-3.3-70b-versatile', 'openai/gpt-4.1-mini']);
  expect(costUsd).toBeGreaterThan(0);
});

it('a price of the caller counts, and prices cached tokens as such', async () => {
  const free = { input: 0, output: 0 };
  const own = { input: 400, cachedInput: 100, output: 0 };
  const { byModel = {}, costUsd } = await spent('local/m', { m: own, 'gpt-4.1-mini': free });
  const { inputTokens = 0, cachedInputTokens = 0 } = byModel['local/m'] ?? {};
  expect(cachedInputTokens).toBeGreaterThan(0);
  expect(costUsd).toBeCloseTo(((inputTokens - cachedInputTokens) * 400 + cachedInputTokens * 100) / 1e6, 9);
});
