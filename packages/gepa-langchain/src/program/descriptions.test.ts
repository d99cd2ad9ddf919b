import { AIMessage } from '@langchain/core/messages';
import { ChatPromptTemplate, StructuredPrompt } from '@langchain/core/prompts';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ChatOpenAI } from '@langchain/openai';
import {
  createAgent,
  createMiddleware,
  initChatModel,
  providerStrategy,
  todoListMiddleware,
  toolStrategy,
} from 'langchain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { z as z3 } from 'zod/v3';
import { fakeModel } from '../testing/fake-model.ts';
import { startOpenAIServer } from '../testing/openai-server.ts';
import { discover } from './discover.ts';
import { rewrite } from './rewrite.ts';

const schema = z
  .object({
    key: z.string().describe('The key.'),
    limit: z.number().describe('The limit.').optional(),
    filter: z.object({ color: z.string().describe('The color.') }).describe('The filter.'),
  })
  .describe('A query.');
const search = tool(async ({ key }) => key, { name: 'search', description: 'Searches.', schema });
const byJson = tool(async () => 'x', {
  name: 'fetch',
  description: 'Fetches.',
  schema: { type: 'object', properties: { url: { type: 'string', description: 'The address.' } } },
});
const model = () => new ChatOpenAI({ model: 'm', apiKey: 'x' });
const texts = (program: unknown) =>
  Object.fromEntries(
    Object.entries(discover(program, { tools: true }).components).map(([name, { text }]) => [name, text]),
  );
const agent = (more: object = {}) =>
  createAgent({ model: fakeModel() as never, tools: [search, byJson], systemPrompt: 'Be.', ...more });

const searchTexts = {
  'tools.search': 'Searches.',
  'tools.search.arguments': 'A query.',
  'tools.search.key': 'The key.',
  'tools.search.limit': 'The limit.',
  'tools.search.filter': 'The filter.',
  'tools.search.filter.color': 'The color.',
};

describe('descriptions', () => {
  it('descriptions are components of their own kind, not optimized by default', () => {
    expect(texts(agent())).toEqual({
      system: 'Be.',
      ...searchTexts,
      'tools.fetch': 'Fetches.',
      'tools.fetch.url': 'The address.',
    });
    const { components, skipped } = discover(agent());
    expect(Object.keys(components)).toEqual(['system']);
    const descriptions = skipped.filter(({ hint }) => hint.includes('tools: true'));
    expect(descriptions).toMatchObject([{ location: 'tool "search" › description and 7 more' }]);
    for (const name of Object.keys(searchTexts)) expect(descriptions[0]!.hint).toContain(name);
    expect(Object.keys(discover(agent(), { include: ['tools.search'] }).components)).toEqual([
      'system',
      'tools.search',
    ]);
    const kinds = Object.values(discover(agent(), { tools: true }).components).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['instructions', 'tool-description', 'field-description']));
  });

  it('rewrite replaces descriptions in tools, whose schemas still validate', async () => {
    const program = agent();
    const changed = rewrite(program, {
      'tools.search': 'Looks for.',
      'tools.search.limit': 'How many.',
      'tools.search.filter.color': 'Red or blue.',
      'tools.fetch.url': 'Where.',
    });
    expect(texts(changed)).toEqual({
      ...texts(program),
      'tools.search': 'Looks for.',
      'tools.search.limit': 'How many.',
      'tools.search.filter.color': 'Red or blue.',
      'tools.fetch.url': 'Where.',
    });
    expect(texts(program)['tools.search.limit']).toBe('The limit.');
    const [copy] = changed.options.tools as unknown as [typeof search];
    expect(await copy.invoke({ key: 'k', filter: { color: 'red' } })).toBe('k');
    await expect(copy.invoke({ key: 1 } as never)).rejects.toThrow('schema');
    expect(JSON.stringify(z.toJSONSchema(copy.schema))).toMatch(/How many.*Red or blue/);
    expect(JSON.stringify(z.toJSONSchema(copy.schema))).toContain('A query.');
  });

  it('descriptions of tools from middleware are found, and rewritten ones are sent', async () => {
    const server = await startOpenAIServer(() => 'ok');
    const program = createAgent({
      model: server.model(),
      systemPrompt: 'Be.',
      middleware: [createMiddleware({ name: 'searching', tools: [search] }), todoListMiddleware() as never],
    });
    expect(texts(program)).toMatchObject({ ...searchTexts, 'tools.write_todos.todos': expect.any(String) });
    const changed = rewrite(program, { 'tools.search.key': 'Another key.' });
    const input = { messages: [{ role: 'user', content: 'hi' }] };
    for (const one of [changed, program]) await one.invoke(input as never);
    const areRewritten = server.requests.map(({ tools }) => JSON.stringify(tools).includes('Another key.'));
    expect(areRewritten).toEqual([true, false]);
    await server.close();
  });

  it('rewriting descriptions keeps refinements of zod 4 and works with zod 3', async () => {
    const refined = tool(async () => 'x', {
      name: 'refined',
      description: 'R.',
      schema: z.object({ a: z.number().describe('A.') }).refine(({ a }) => a > 1, 'too small'),
    });
    const changed = rewrite(refined, { 'tools.refined.a': 'B.' });
    expect(await changed.invoke({ a: 2 })).toBe('x');
    await expect(changed.invoke({ a: 1 })).rejects.toThrow();
    const old = tool(async () => 'x', {
      name: 'old',
      description: 'O.',
      schema: z3.object({ a: z3.number().describe('A.').optional() }) as never,
    });
    expect(texts(rewrite(old, { 'tools.old.a': 'B.' }))).toEqual({ 'tools.old': 'O.', 'tools.old.a': 'B.' });
  });

  it('descriptions of tools and schemas bound to a model are found, and rewritten ones are sent', async () => {
    const requests: string[] = [];
    const configuration = {
      fetch: async (_url: unknown, init?: { body?: unknown }) => {
        requests.push(String(init?.body));
        const message = { role: 'assistant', content: '{"key":"k","limit":1,"filter":{"color":"c"}}' };
        return Response.json({ id: '1', choices: [{ index: 0, message, finish_reason: 'stop' }] });
      },
    };
    const sending = new ChatOpenAI({ model: 'gpt-4.1', apiKey: 'x', configuration, temperature: 0.3 });
    const bound = sending.bindTools([search]);
    expect(texts(bound)).toEqual(searchTexts);
    const changed = rewrite(bound, { 'tools.search.key': 'Another key.' });
    expect(changed).toBeInstanceOf(ChatOpenAI);
    await changed.invoke('hi');
    expect(JSON.parse(requests[0]!)).toMatchObject({ temperature: 0.3 });
    expect(requests[0]).toContain('Another key.');
    await bound.invoke('hi');
    expect(requests[1]).toContain('The key.');

    const structured = sending.withStructuredOutput(z.object({ key: z.string().describe('The key.') }), {
      name: 'out',
    });
    const program = ChatPromptTemplate.fromMessages([['system', 'Fill it in.']]).pipe(structured);
    expect(texts(program)).toEqual({ system: 'Fill it in.', 'output.key': 'The key.' });
    const filled = await rewrite(program, { 'output.key': 'Some key.' }).invoke({});
    expect(filled).toEqual({ key: 'k' });
    expect(requests[2]).toContain('Some key.');
  });

  it('descriptions of tools bound to a model of initChatModel are found, and rewritten ones are sent', async () => {
    const requests: string[] = [];
    const configuration = {
      fetch: async (_url: unknown, init?: { body?: unknown }) => {
        requests.push(String(init?.body));
        const message = { role: 'assistant', content: 'ok' };
        return Response.json({ id: '1', choices: [{ index: 0, message, finish_reason: 'stop' }] });
      },
    };
    const named = await initChatModel('openai:gpt-4.1', { apiKey: 'x', configuration });
    const bound = named.bindTools([search]) as never as { invoke(input: string): Promise<unknown> };
    await bound.invoke('hi');
    expect(texts(bound)).toEqual(searchTexts);
    const changed = rewrite(bound, { 'tools.search.key': 'Another key.' });
    await changed.invoke('hi');
    await bound.invoke('hi');
    expect(requests.map((request) => request.includes('Another key.'))).toEqual([false, true, false]);
    expect(texts(named.withStructuredOutput(schema))).toMatchObject({ output: 'A query.' });
  });

  it('descriptions in the config of a model binding are found', () => {
    const bound = new FakeListChatModel({ responses: [] }).withConfig({ tools: [search] } as never);
    expect(texts(bound)).toEqual(searchTexts);
    expect(texts(rewrite(bound, { 'tools.search': 'New.' }))).toEqual({
      ...searchTexts,
      'tools.search': 'New.',
    });
    expect(
      discover(bound)
        .skipped.map(({ hint }) => hint)
        .join(),
    ).toContain('tools.search.key');
  });

  it('descriptions in structured prompts are found', () => {
    const prompt = StructuredPrompt.fromMessagesAndSchema([['system', 'Fill it in.']], {
      type: 'object',
      properties: { a: { type: 'string', description: 'The a.' } },
    });
    expect(texts(prompt)).toEqual({ system: 'Fill it in.', 'output.a': 'The a.' });
    const changed = rewrite(prompt, { 'output.a': 'An a.' });
    expect(JSON.stringify((changed as unknown as { schema: unknown }).schema)).toContain('An a.');
  });

  it.each([
    ['a schema', schema],
    ['a JSON schema', z.toJSONSchema(schema)],
    ['the tool strategy', toolStrategy(schema)],
    ['the provider strategy', providerStrategy(schema)],
  ])('descriptions in the structured output of an agent are found, given as %s', (_form, responseFormat) => {
    const program = agent({ responseFormat });
    expect(texts(program)).toMatchObject({ output: 'A query.', 'output.key': 'The key.' });
    const changed = rewrite(program, { 'output.key': 'A new key.' });
    expect(texts(changed)['output.key']).toBe('A new key.');
    expect(texts(program)['output.key']).toBe('The key.');
    expect(changed.options.responseFormat?.constructor).toBe(program.options.responseFormat?.constructor);
  });
});

describe('a class with private fields', () => {
  class Secret extends ChatPromptTemplate {
    #salt = 'x';
    salted() {
      return this.#salt;
    }
  }

  it('a prompt whose class has private fields is skipped with that reason', () => {
    const prompt = new Secret({
      promptMessages: [new AIMessage('Some words.')] as never,
      inputVariables: [],
    });
    const { components, skipped } = discover(prompt.pipe(model()));
    expect(components).toEqual({});
    expect(skipped).toMatchObject([{ reason: expect.stringContaining('private fields') }]);
  });
});
