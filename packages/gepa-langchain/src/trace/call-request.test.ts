import {
  AIMessage,
  type BaseMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import type { Run } from '@langchain/core/tracers/base';
import fc from 'fast-check';
import type { CallRequest } from 'gepa-core';
import { Tiktoken } from 'js-tiktoken/lite';
import o200k from 'js-tiktoken/ranks/o200k_base';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { metered } from '../metered/metered-client.ts';
import { withHandler } from '../program/ambient-config.ts';
import { type ChatRequest, type OpenAIServer, useOpenAIServer } from '../testing/openai-server.ts';
import { callRequest } from './call-request.ts';
import { RolloutTracer } from './tracer.ts';

const encoding = new Tiktoken(o200k);
const count = (text: unknown) =>
  encoding.encode(typeof text === 'string' ? text : (JSON.stringify(text) ?? ''), [], []).length;

/** The input tokens of a request, in the encoding of OpenAI's newer models. */
function tokensOf({ messages, tools, ...rest }: ChatRequest & Record<string, unknown>): number {
  const ofMessages = messages.map(({ content, ...more }) => {
    const parts = Array.isArray(content) ? content : [content];
    return count(more) + parts.reduce<number>((sum, part) => sum + count(part?.text ?? part), 0);
  });
  const ofTools = (tools ?? []).map(count);
  const formats = [rest.response_format, rest.text, rest.instructions].map(count);
  return [...ofMessages, ...ofTools, ...formats].reduce((sum, tokens) => sum + tokens, 0);
}

const server = useOpenAIServer(() => '{}');

/** The call requests that the meter receives while a function runs. */
async function requestsOf(calls: () => Promise<unknown>): Promise<CallRequest[]> {
  const requests: CallRequest[] = [];
  const begin = async (request: CallRequest = {}) => {
    requests.push(request);
    return { end: () => {}, fail: () => {} };
  };
  await withHandler(new RolloutTracer({ begin, retrying: () => () => {} }), calls);
  return requests;
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.lorem({ mode: 'sentences' }),
  fc.stringMatching(/^[\u4e00-\u9fff\ud83d\ude00 {}"\\\n]{0,40}$/u),
  fc.json({ maxDepth: 2 }),
);
const word = fc.stringMatching(/^[a-z]{1,12}$/);
const content = fc.oneof(
  text,
  fc
    .array(text, { minLength: 1, maxLength: 3 })
    .map((texts) => texts.map((part) => ({ type: 'text', text: part }))),
);
const message: fc.Arbitrary<BaseMessage> = fc.oneof(
  content.map((it) => new SystemMessage({ content: it as never })),
  fc.record({ content, name: word }).map((it) => new HumanMessage(it as never)),
  fc
    .record({
      content: text,
      calls: fc.array(fc.record({ name: word, args: fc.dictionary(word, text) }), { maxLength: 3 }),
    })
    .map(
      (it) =>
        new AIMessage({
          content: it.content,
          tool_calls: it.calls.map((call, i) => ({ ...call, id: `call_${i}` })),
        }),
    ),
  text.map((it) => new ToolMessage({ content: it, tool_call_id: 'call_0' })),
);
const someTool = fc
  .record({ name: word, description: text, fields: fc.dictionary(word, text, { maxKeys: 4 }) })
  .map(({ name, description, fields }) =>
    tool(() => '', {
      name,
      description,
      schema: z.object(
        Object.fromEntries(Object.entries(fields).map(([key, about]) => [key, z.string().describe(about)])),
      ),
    }),
  );
const format = fc
  .dictionary(
    word,
    text.map((description) => ({ type: 'string', description })),
    { maxKeys: 4 },
  )
  .map((properties) => ({
    type: 'json_schema',
    json_schema: { name: 'answer', strict: true, schema: { type: 'object', properties } },
  }));

describe('callRequest', () => {
  it('inputTokens is never less than the tokens that are sent', async () => {
    const model = server.model({ maxTokens: 50 });
    const responses = server.model({ maxTokens: 50, useResponsesApi: true });
    const client = metered(new OpenAI({ baseURL: server.url, apiKey: 'unused', maxRetries: 0 }));
    const call = fc.record({
      messages: fc.array(message, { minLength: 1, maxLength: 5 }),
      tools: fc.array(someTool, { maxLength: 3 }),
      format: fc.option(format, { nil: undefined }),
      by: fc.constantFrom('chat', 'responses', 'client'),
    });
    await fc.assert(
      fc.asyncProperty(call, async ({ messages, tools, format: response_format, by }) => {
        // Older versions of the client accept both only with strict tools.
        const both = by !== 'client' && tools.length > 0;
        const options = response_format === undefined || both ? {} : { response_format };
        const [request] = await requestsOf(() =>
          by === 'client'
            ? client.chat.completions.create({
                model: 'simulated',
                messages: messages.map((it) => ({
                  role: it.type === 'ai' ? 'assistant' : 'user',
                  content: it.text,
                })),
                max_tokens: 50,
                ...options,
              } as never)
            : (by === 'chat' ? model : responses)
                .bindTools(tools, { strict: true })
                .invoke(messages, options as never),
        );
        expect(request).toMatchObject({ model: 'simulated', outputTokens: 50 });
        // The overhead is reserved for tokens that the provider adds.
        expect(tokensOf(server.requests.at(-1)! as never)).toBeLessThanOrEqual(request!.inputTokens! - 1_000);
      }),
      { numRuns: 100 },
    );
  });

  const ask = (model: { invoke(input: string): Promise<unknown> }) => requestsOf(() => model.invoke('Hello'));

  it('outputTokens is the limit of the model, times the number of answers', async () => {
    const requestWith = async (fields: Parameters<OpenAIServer['model']>[0]) =>
      (await ask(server.model(fields)))[0];
    expect(await requestWith({ maxTokens: 50 })).toMatchObject({ outputTokens: 50 });
    expect(await requestWith({ maxTokens: 50, n: 3 })).toMatchObject({ outputTokens: 150 });
    expect(await requestWith({ maxTokens: -1 })).toMatchObject({ outputTokens: undefined });
    expect(await requestWith({ n: 3 })).toMatchObject({ outputTokens: Number.POSITIVE_INFINITY });
    expect(await requestWith({ model: 'o3-mini', maxTokens: 50 })).toMatchObject({
      model: 'o3-mini',
      outputTokens: 50,
    });
    expect(await requestWith({ useResponsesApi: true, maxTokens: 50 })).toMatchObject({ outputTokens: 50 });
  });

  it.each<[string, object]>([
    ['Anthropic', { extra: { invocation_params: { model: 'm', max_tokens: 50 } } }],
    ['Gemini', { extra: { invocation_params: { generationConfig: { maxOutputTokens: 50 } } } }],
    ['Bedrock', { extra: { invocation_params: { inferenceConfig: { maxTokens: 50 } } } }],
    ['Ollama', { extra: { invocation_params: { model: 'm', options: { num_predict: 50 } } } }],
    ['Hugging Face', { extra: { invocation_params: { parameters: { max_new_tokens: 50 } } } }],
    ['an option of the call', { extra: { invocation_params: {}, options: { maxTokens: 50 } } }],
    ['an option of the model', { serialized: { kwargs: { max_tokens: 50 } } }],
    ['the metadata for LangSmith', { extra: { metadata: { ls_max_tokens: 50 } } }],
    [
      'the parameters that are sent, before other settings',
      {
        extra: { invocation_params: { max_tokens: 50 }, metadata: { ls_max_tokens: 9 } },
        serialized: { kwargs: { max_tokens: 9 } },
      },
    ],
  ])('outputTokens is read from the format of %s', (_, run) => {
    expect(callRequest(runOf(run)).outputTokens).toBe(50);
  });

  it.each<[string, unknown]>([
    ['an image', [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }]],
    [
      'a file',
      [
        { type: 'text', text: 'this' },
        { type: 'file', id: 'file-1' },
      ],
    ],
    ['a tool result with an image', [{ type: 'tool_result', content: [{ type: 'image', source: {} }] }]],
    ['a part of an unknown kind', [{ type: 'hologram', text: 'x' }]],
    ['an instance', [{ type: 'text', text: 'x', about: new URL('https://x.test') }]],
  ])('inputTokens is undefined for a message with %s', (_, content) => {
    const request = callRequest(
      runOf({ inputs: { messages: [[new HumanMessage({ content: content as never })]] } }),
    );
    expect(request.inputTokens).toBeUndefined();
  });

  it('inputTokens is undefined for input of a metered client that is not text', async () => {
    const client = metered(new OpenAI({ baseURL: server.url, apiKey: 'unused', maxRetries: 0 }));
    const ask = async (...input: object[]) =>
      (await requestsOf(() => client.responses.create({ model: 'simulated', input } as never)))[0]!
        .inputTokens;
    expect(await ask({ type: 'function_call_output', call_id: 'a', output: 'x' })).toBeGreaterThan(1_000);
    expect(await ask({ type: 'item_reference', id: 'msg_1' })).toBeUndefined();
    const image = { type: 'input_image', image_url: 'https://x.test/a.png' };
    expect(await ask({ type: 'message', role: 'user', content: [image] })).toBeUndefined();
    expect(await ask({ role: 'user', content: [image] })).toBeUndefined();
  });

  it.each<[string, object]>([
    ['web search by OpenAI', { tools: [{ type: 'web_search' }] }],
    ['web search by Gemini', { tools: [{ functionDeclarations: [] }, { googleSearch: {} }] }],
    ['web search by Anthropic', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['an MCP server', { tools: [{ type: 'mcp', server_url: 'https://x.test' }] }],
    ['a previous response', { previous_response_id: 'resp_1' }],
    ['a stored conversation', { conversation: 'conv_1' }],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }],
    ['a stored cache', { cachedContent: 'cachedContents/1' }],
  ])('inputTokens is infinite with %s', (_, invocation_params) => {
    expect(callRequest(runOf({ extra: { invocation_params } })).inputTokens).toBe(Number.POSITIVE_INFINITY);
  });

  it.each<[string, object]>([
    ['OpenAI', { type: 'function', function: { name: 'look', parameters: {} } }],
    ["OpenAI's responses API", { type: 'function', name: 'look', parameters: {}, strict: true }],
    ['Anthropic', { name: 'look', input_schema: {} }],
    ['Gemini', { functionDeclarations: [{ name: 'look' }] }],
    ['Bedrock', { toolSpec: { name: 'look' } }],
  ])('inputTokens includes the size of a tool in the format of %s', (_, definition) => {
    const sizeWith = (tools: object[]) =>
      callRequest(runOf({ extra: { invocation_params: { tools } } })).inputTokens!;
    expect(sizeWith([definition]) - sizeWith([])).toBe(50 + JSON.stringify(definition).length);
  });

  it('inputTokens includes the reasoning that a provider stores', () => {
    const sizeWith = (usage?: object) => {
      const answer = new AIMessage({
        content: [{ type: 'reasoning', id: 'rs_1' }],
        usage_metadata: usage as never,
      });
      return callRequest(runOf({ inputs: { messages: [[answer]] } })).inputTokens;
    };
    const [few, many] = [10, 900].map((output_tokens) => sizeWith({ output_tokens }));
    expect(many! - few!).toBe(890);
    expect(sizeWith()).toBeUndefined();
  });

  it('inputTokens is infinite for every prompt of a request after the first', async () => {
    const model = server.model({ maxTokens: 50 });
    const prompts = ['one', 'two'].map((prompt) => [new HumanMessage(prompt)]);
    const requests = await requestsOf(() => model.generate(prompts));
    expect(requests.map(({ inputTokens }) => Number.isFinite(inputTokens))).toEqual([true, false]);
    expect(
      (await requestsOf(() => model.batch(['one', 'two']))).every(({ inputTokens }) =>
        Number.isFinite(inputTokens),
      ),
    ).toBe(true);
  });
});

/** A model's run with the given fields. */
function runOf(run: object): Run {
  return { inputs: { messages: [] }, serialized: {}, extra: {}, child_runs: [], ...run } as unknown as Run;
}
