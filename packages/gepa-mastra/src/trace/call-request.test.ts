import { describe, expect, it } from 'vitest';
import { callRequest } from './call-request.ts';
import type { CallOptions } from './model-call.ts';

const user = (...content: object[]) => ({ role: 'user', content }) as CallOptions['prompt'][number];
const text = (words: string) => ({ type: 'text', text: words });
const request = (options: Partial<CallOptions>) =>
  callRequest('openai/m', { prompt: [user(text('hello'))], ...options }, 0);

describe('the most that a call can be sent', () => {
  it('grows by every byte of messages, tools, formats and options', () => {
    const { inputTokens: least = 0, model } = request({});
    expect(model).toBe('openai/m');
    expect(least).toBeGreaterThan(1_000);
    const more: Partial<CallOptions>[] = [
      { prompt: [user(text('hello'), text('wörld'.repeat(100)))] },
      { tools: [{ type: 'function', name: 'look', description: 'l'.repeat(600), inputSchema: {} }] },
      { responseFormat: { type: 'json', schema: { description: 'd'.repeat(600) } } },
      { providerOptions: { openai: { instructions: 'i'.repeat(600) } } },
      {
        prompt: [
          user({ type: 'tool-result', toolName: 'look', output: { type: 'text', value: 'v'.repeat(600) } }),
        ],
      },
    ];
    for (const options of more) expect(request(options).inputTokens).toBeGreaterThanOrEqual(least + 550);
  });

  it.each([
    ['a file', { type: 'file', data: 'https://models.example/a.png' }],
    ['what the provider ran', { type: 'tool-result', providerExecuted: true }],
    [
      'media of a tool',
      { type: 'tool-result', output: { type: 'content', value: [text('see'), { type: 'media' }] } },
    ],
  ])('is not told where there is more than text: %s', (_, part) => {
    expect(request({ prompt: [user(text('look'), part)] }).inputTokens).toBeUndefined();
  });

  it.each<[string, Partial<CallOptions>]>([
    ['runs tools', { tools: [{ type: 'provider-defined', name: 'web_search' }] }],
    ['keeps the conversation', { providerOptions: { openai: { previousResponseId: 'r' } } }],
  ])('has no end where the provider %s', (_, options) => {
    expect(request(options).inputTokens).toBe(Number.POSITIVE_INFINITY);
  });
});

it('thoughts may be sent whole, of which only a part is told', () => {
  const prompt = [user({ type: 'reasoning', text: 'hm' })];
  const { inputTokens = 0 } = callRequest('openai/m', { prompt }, 500);
  expect(inputTokens - (callRequest('openai/m', { prompt }, 0).inputTokens ?? 0)).toBe(500);
});

describe('the most that it can write', () => {
  it('is its limit, and what the model may think besides', () => {
    expect(request({}).outputTokens).toBeUndefined();
    expect(request({ maxOutputTokens: 500 }).outputTokens).toBe(500);
    const providerOptions = { anthropic: { thinking: { type: 'enabled', budgetTokens: 2_000 } } };
    expect(request({ maxOutputTokens: 500, providerOptions }).outputTokens).toBe(2_500);
    // How much that is, only the provider knows.
    expect(request({ maxOutputTokens: 500, reasoning: 'high' }).outputTokens).toBeUndefined();
  });
});
