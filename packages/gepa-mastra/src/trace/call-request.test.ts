import { expect, it } from 'vitest';
import { callRequest } from './call-request.ts';
import type { CallOptions, PromptPart } from './model-call.ts';

const ask = (content: string | readonly PromptPart[]) => [{ role: 'user', content }];
const requestOf = (options: Partial<CallOptions>, written = 0) =>
  callRequest('local/m', { prompt: ask('hello'), ...options }, written);
const part = (fields: object) => requestOf({ prompt: ask([fields as PromptPart]) }).inputTokens;
const result = (output: object) => part({ type: 'tool-result', toolName: 't', output });
const tool = { type: 'function', name: 'lookup' };

it('a call request contains the name of the model', () => {
  expect(requestOf({}).model).toBe('local/m');
});

it.each<[string, Partial<CallOptions>]>([
  ['messages', { prompt: ask('ü'.repeat(5_000)) }],
  ['parts of messages', { prompt: ask([{ type: 'text', text: 'a'.repeat(10_000) }]) }],
  ['tool calls', { prompt: ask([{ type: 'tool-call', input: { a: 'a'.repeat(10_000) } }]) }],
  [
    'tool results',
    {
      prompt: ask([
        {
          type: 'tool-result',
          output: { type: 'content', value: [{ type: 'text', text: 'a'.repeat(10_000) }] },
        },
      ]),
    },
  ],
  ['tools', { tools: [{ ...tool, description: 'a'.repeat(10_000) }] }],
  ['the response format', { responseFormat: { schema: 'a'.repeat(10_000) } }],
  ['provider options', { providerOptions: { openai: { instructions: 'a'.repeat(10_000) } } }],
])('a call request reserves one input token per byte of %s', (_, options) => {
  const { inputTokens = 0 } = requestOf(options);
  expect(inputTokens).toBeGreaterThan(10_000);
  expect(inputTokens).toBeLessThan(12_000);
});

it('a call request reserves the overhead that providers add per message, part and tool', () => {
  const { inputTokens: few = 0 } = requestOf({ tools: [tool] });
  const { inputTokens: many = 0 } = requestOf({ tools: Array.from({ length: 11 }, () => tool) });
  expect(few).toBeGreaterThan(1_000);
  expect(many - few).toBe(10 * (50 + JSON.stringify(tool).length));
});

it('reasoning that is sent by reference is reserved as all tokens written in the rollout', () => {
  const prompt = ask([{ type: 'reasoning', text: '' }]);
  const [without, withReasoning] = [requestOf({ prompt }), requestOf({ prompt }, 3_000)];
  expect(withReasoning.inputTokens).toBe(without.inputTokens! + 3_000);
  expect(requestOf({}, 3_000)).toEqual(requestOf({}));
});

it.each([
  ['a file', part({ type: 'file', data: 'https://example.com/a.png', mediaType: 'image/png' })],
  ['an unknown part', part({ type: 'hologram' })],
  ['a result with an image', result({ type: 'content', value: [{ type: 'image-url', url: 'x' }] })],
  ['an unknown result', result({ type: 'hologram' })],
  ['the result of a tool that runs at the provider', part({ type: 'tool-call', providerExecuted: true })],
  [
    'input that the provider has cached',
    requestOf({ providerOptions: { google: { cachedContent: 'x' } } }).inputTokens,
  ],
])('a call request with %s leaves the input tokens to the context size of the model', (_, inputTokens) => {
  expect(inputTokens).toBeUndefined();
});

it.each<[string, Partial<CallOptions>]>([
  [
    'a provider-defined tool of AI SDK version 2',
    { tools: [{ type: 'provider-defined', name: 'web_search' }] },
  ],
  ['a provider tool of AI SDK version 3', { tools: [{ type: 'provider', name: 'web_search' }] }],
  ['a reference to an earlier response', { providerOptions: { openai: { previousResponseId: 'x' } } }],
  ['a conversation stored by the provider', { providerOptions: { openai: { conversation: 'x' } } }],
  ['MCP servers', { providerOptions: { anthropic: { mcpServers: [{}] } } }],
])('a call request with %s has unbounded input tokens', (_, options) => {
  expect(requestOf(options).inputTokens).toBe(Number.POSITIVE_INFINITY);
});

it.each<[number | undefined, Partial<CallOptions>]>([
  [undefined, {}],
  [100, { maxOutputTokens: 100 }],
  [100, { providerOptions: { local: { max_tokens: 100 } } }],
  [200, { maxOutputTokens: 100, providerOptions: { openai: { maxCompletionTokens: 200 } } }],
  [1_124, { maxOutputTokens: 100, providerOptions: { anthropic: { thinking: { budgetTokens: 1_024 } } } }],
  [100, { maxOutputTokens: 100, providerOptions: { google: { thinkingConfig: { thinkingBudget: -1 } } } }],
  [300, { maxOutputTokens: 100, providerOptions: { local: { n: 3 } } }],
  [Number.POSITIVE_INFINITY, { providerOptions: { local: { n: 3 } } }],
  [undefined, { maxOutputTokens: 100, reasoning: 'high' }],
  [100, { maxOutputTokens: 100, reasoning: 'none' }],
])('a call request reserves %s output tokens with %j', (outputTokens, options) => {
  expect(requestOf(options).outputTokens).toBe(outputTokens);
});

it('a call request for AI SDK version 1 contains only the model', () => {
  expect(requestOf({ mode: { type: 'regular' }, maxOutputTokens: 100 })).toEqual({ model: 'local/m' });
});
