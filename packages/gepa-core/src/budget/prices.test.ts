import { describe, expect, it } from 'vitest';
import { OptionsError } from '../errors.ts';
import { checkPrices, PriceBook } from './prices.ts';
import { modelCallUsage, noUsage, type Price } from './usage.ts';

/** The price lookup of a book. */
async function loadPrices(own?: Record<string, Price>) {
  return (await new PriceBook(own).load()).priceOf;
}
const catalogue = await loadPrices();

describe('the catalogue', () => {
  // Prices change from release to release, so the test compares names instead of asserting numbers.
  it.each([
    ['gpt-4.1-mini', 'a plain name'],
    ['gpt-4.1-mini-2025-04-14', 'a dated name'],
    ['gpt-4.1-mini-2099-01-01', 'a dated name that is not in the catalogue'],
    ['openai/gpt-4.1-mini', 'a router string'],
    ['openai/gpt-4.1-mini-2025-04-14', 'a dated router string'],
    ['azure-openai/gpt-4.1-mini', 'a name with another host'],
  ])('the catalogue finds %s, %s', (name) => {
    const price = catalogue(name);
    expect(price?.input).toBeGreaterThan(0);
    expect(price?.output).toBeGreaterThan(price!.input);
    expect(price?.cachedInput).toBeLessThan(price!.input);
    expect(price).toEqual(catalogue('gpt-4.1-mini'));
  });

  it.each([
    'claude-sonnet-4-5',
    'claude-sonnet-4-5-20250929',
    'claude-sonnet-4-5-latest',
    'anthropic/claude-sonnet-4-5',
  ])('the catalogue finds the prices of %s, with its cache and for short prompts', (name) => {
    expect(catalogue(name)).toEqual({ input: 3, cachedInput: 0.3, cacheWrite: 3.75, output: 15 });
  });

  it.each([
    'google/gemini-2.5-pro',
    'gemini-2.5-flash',
    'groq/llama-3.3-70b-versatile',
    'mistral/mistral-large-latest',
    'xai/grok-4',
    'deepseek/deepseek-chat',
    'openrouter/openai/gpt-4.1-mini',
    'amazon-bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
    'togetherai/meta-llama/Llama-3.3-70B-Instruct-Turbo',
    'models/gemini-2.5-flash',
    'us.anthropic.claude-sonnet-4-20250514-v1:0',
    'amazon.nova-lite-v1:0',
    'us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'anthropic.claude-3-haiku-20240307-v1:0:200k',
    'publishers/google/models/gemini-2.5-flash',
    'projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro',
    'publishers/anthropic/models/claude-sonnet-4-5@20250929',
    'claude-sonnet-4-5@20250929',
    'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0',
  ])('the catalogue finds %s', (name) => {
    expect(catalogue(name)).toMatchObject({ input: expect.any(Number), output: expect.any(Number) });
  });

  it.each(['ft:gpt-4.1-mini-2025-04-14:acme::abc', 'openai/ft:gpt-4.1-mini-2025-04-14:acme::abc'])(
    'the fine-tuned model %s of OpenAI costs twice its base model',
    (name) => {
      const base = catalogue('gpt-4.1-mini')!;
      expect(catalogue(name)).toMatchObject({ input: 2 * base.input, output: 2 * base.output });
    },
  );

  it.each([
    'simulated',
    'local/simulated',
    'local/gpt-4.1',
    'local/gemini-2.5-pro',
    'local/claude-sonnet-4-5',
    'lmstudio/openai/gpt-oss-20b',
    'ft:gpt-3.5-turbo-0125:acme::abc',
    'whisper-1',
    'openai/',
    '/gpt-4.1',
    '',
  ])('the catalogue has no price for "%s"', (name) => {
    expect(catalogue(name)).toBeUndefined();
  });
});

const price = { input: 1, output: 2 };
const dated = { input: 3, output: 4 };

describe('prices of the caller', () => {
  it.each([
    ['mine', 'mine'],
    ['mine', 'mine-2026-01-31'],
    ['mine', 'mine-20260131'],
    ['mine', 'mine-latest'],
    ['mine', 'local/mine'],
    ['mine', 'local/mine@20260131'],
    ['mine-2026-01-31', 'mine'],
    ['mine-latest', 'mine-20260131'],
    ['local/mine', 'mine'],
    ['local/mine-0131', 'mine-0131'],
    ['gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
    ['openai/gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
  ])('a price given for %s applies to %s', async (given, reported) => {
    expect((await loadPrices({ [given]: price }))(reported)).toEqual(price);
  });

  it.each([
    ['mine', 'mine-mini'],
    ['mine', 'not-mine'],
    ['mine-2026-01-31', 'mine-2026-02-28'],
    ['local/mine', 'remote/mine'],
    ['mine', 'mine-2026-01'],
    ['constructor', 'toString'],
  ])('a price given for %s does not apply to %s', async (given, reported) => {
    expect((await loadPrices({ [given]: price }))(reported)).toBeUndefined();
  });

  it('the price with the closest name applies', async () => {
    const prices = await loadPrices({ mine: price, 'mine-2026-01-31': dated, 'local/mine': dated });
    expect(prices('mine')).toBe(price);
    expect(prices('mine-2026-02-28')).toBe(price);
    expect(prices('mine-2026-01-31')).toBe(dated);
    expect(prices('remote/mine-2026-01-31')).toBe(dated);
    expect(prices('local/mine')).toBe(dated);
  });

  it('a price of the caller replaces the price of the catalogue as a whole', async () => {
    expect((await loadPrices({ 'gpt-4.1': price }))('gpt-4.1')).toBe(price);
  });
});

describe('checkPrices', () => {
  it('checkPrices accepts models with a price', () => {
    expect(() => checkPrices(['gpt-4.1-mini', 'anthropic/claude-sonnet-4-5'], catalogue)).not.toThrow();
  });

  it('checkPrices rejects models without a price and shows the `prices` option to add', () => {
    const check = () => checkPrices(['gpt-4.1-mini', 'local/m', 'local/m'], catalogue);
    expect(check).toThrow(OptionsError);
    expect(check).toThrow('the price of local/m is unknown');
    expect(check).toThrow("prices: { 'local/m': { input: 1, output: 2 } }");
    expect(() => checkPrices(['a', 'b'], catalogue)).toThrow(
      "prices: { 'a': { input: 1, output: 2 }, 'b': { input: 1, output: 2 } }",
    );
  });
});

it('the catalogue is loaded only for a usage that the caller has neither priced nor given a cost', async () => {
  const usageOf = (model: string) => modelCallUsage({ model, inputTokens: 1, outputTokens: 1 });
  const book = new PriceBook({ mine: { input: 1, output: 2 } });
  for (const usage of [noUsage, modelCallUsage({}), usageOf('mine'), { ...usageOf('gpt-4.1'), costUsd: 1 }]) {
    await book.loadFor(usage);
  }
  expect(book.priceOf('mine')).toEqual({ input: 1, output: 2 });
  expect(book.priceOf('gpt-4.1')).toBeUndefined();
  await book.loadFor(usageOf('gpt-4.1'));
  expect(book.priceOf('gpt-4.1')).toBeDefined();
});
