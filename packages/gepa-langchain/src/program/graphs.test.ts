import { createRequire } from 'node:module';
import { AIMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda, RunnableParallel } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import * as langgraph from '@langchain/langgraph';
import {
  Annotation,
  END,
  entrypoint,
  InMemoryStore,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent, createMiddleware } from 'langchain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeModel } from '../testing/fake-model.ts';
import { discover } from './discover.ts';
import { rewrite } from './rewrite.ts';

const State = Annotation.Root({
  text: Annotation<string>,
  log: Annotation<string[]>({ reducer: (a, b) => [...new Set([...a, ...b])], default: () => [] }),
});
type Update = { log: string[] };
const node = (system: string) =>
  ChatPromptTemplate.fromMessages([['system', system]]).pipe(
    (prompt: { toString(): string }): Update => ({ log: [prompt.toString()] }),
  );
const condition = (system: string) =>
  ChatPromptTemplate.fromMessages([['system', system]]).pipe((prompt: { toString(): string }) =>
    prompt.toString().includes('left') ? 'left' : 'right',
  );
const texts = (program: unknown) =>
  Object.fromEntries(Object.entries(discover(program).components).map(([name, { text }]) => [name, text]));

const hasEventsV3 = 'createGraphRunStream' in langgraph; // Absent in the oldest supported versions.

function build() {
  const innermost = new StateGraph(State)
    .addNode('deep', node('Deep.'))
    .addEdge(START, 'deep')
    .addEdge('deep', END)
    .compile();
  const inner = new StateGraph(State)
    .addNode('nested', innermost)
    .addEdge(START, 'nested')
    .addEdge('nested', END)
    .compile();
  return new StateGraph(State)
    .addNode('first', node('First.'))
    .addNode('left', inner)
    .addNode('right', () => ({ log: ['code'] }))
    .addConditionalEdges(START, () => 'first', ['first'])
    .addConditionalEdges('first', condition('Go left.'), ['left', 'right'])
    .addEdge('left', END)
    .addEdge('right', END)
    .compile({ checkpointer: new MemorySaver(), store: new InMemoryStore(), name: 'outer' });
}

describe('a compiled graph', () => {
  it('discover finds the texts of nodes, subgraphs and conditional edges', () => {
    const { components, skipped } = discover(build());
    expect(texts(build())).toEqual({
      'first.system': 'First.',
      'deep.system': 'Deep.',
      'first.condition.system': 'Go left.',
    });
    expect(components['deep.system']!.location).toBe(
      '"outer" › node "left" › node "nested" › node "deep" › step 1 › ChatPromptTemplate › message 1 (system)',
    );
    expect(skipped.find(({ location }) => location.includes('node "right"'))).toMatchObject({
      reason: expect.stringContaining('code'),
      hint: expect.stringContaining('`parts`'),
    });
  });

  it('a rewritten graph runs with new texts while the original keeps its own', async () => {
    const graph = build();
    const changed = rewrite(graph, { 'first.system': 'New.', 'deep.system': 'Newer.' });
    const other = rewrite(graph, { 'first.condition.system': 'Turn.' });
    const run = async (program: typeof graph, thread_id: string) =>
      (await program.invoke({ text: '' }, { configurable: { thread_id } })).log;
    expect(await run(changed, 'a')).toEqual(['System: New.', 'System: Newer.']);
    expect(await run(other, 'b')).toEqual(['System: First.', 'code']);
    expect(await run(graph, 'c')).toEqual(['System: First.', 'System: Deep.']);
    expect(texts(changed)).toEqual({ ...texts(graph), 'first.system': 'New.', 'deep.system': 'Newer.' });
    expect(rewrite(graph, texts(graph))).toBe(graph);
  });

  it('a rewritten graph keeps checkpointer, store, name and class, and can be drawn, configured and streamed', async () => {
    const graph = build();
    const changed = rewrite(graph, { 'first.system': 'New.', 'first.condition.system': 'Turn.' });
    expect(changed).toBeInstanceOf(graph.constructor);
    expect(changed.checkpointer).toBe(graph.checkpointer);
    expect(changed.store).toBe(graph.store);
    expect(changed.name).toBe('outer');
    const config = { configurable: { thread_id: 'x' } };
    await changed.invoke({ text: 'one' }, config);
    expect((await changed.getState(config)).values.log).toHaveLength(2);
    const drawn = async (program: typeof graph) => (await program.getGraphAsync()).drawMermaid();
    expect(await drawn(changed)).toBe(await drawn(graph));
    const chunks = [];
    const stream = await changed
      .withConfig({ tags: ['x'] })
      .stream({ text: '' }, { configurable: { thread_id: 'y' }, streamMode: 'updates' });
    for await (const chunk of stream) chunks.push(Object.keys(chunk)[0]);
    expect(chunks).toEqual(['first', 'right']);
  });

  it.skipIf(!hasEventsV3)('a rewritten graph streams events of version v3', async () => {
    const changed = rewrite(build(), { 'first.system': 'New.' });
    const events = await changed.streamEvents(
      { text: '' },
      { version: 'v3', configurable: { thread_id: 'z' } },
    );
    for await (const _event of events) break;
  });

  it('discover finds a graph inside other runnables', () => {
    const program = RunnableParallel.from({ answer: build(), other: RunnableLambda.from(() => 1) });
    expect(Object.keys(texts(program))).toContain('first.system');
  });

  it('a graph of the functional API is skipped as code', () => {
    const program = entrypoint('flow', async (x: number) => x);
    expect(discover(program)).toMatchObject({
      components: {},
      skipped: [
        { location: '"flow" › node "flow" › RunnableCallable', hint: expect.stringContaining('`parts`') },
      ],
    });
  });

  it('rewritten graphs and agents of another copy of LangChain stay instances of that copy', async () => {
    const require = createRequire(import.meta.url);
    const other = require('@langchain/langgraph') as typeof import('@langchain/langgraph');
    const prompts = require('@langchain/core/prompts') as typeof import('@langchain/core/prompts');
    const langchain = require('langchain') as typeof import('langchain');
    expect(other.StateGraph).not.toBe(StateGraph);
    const Kept = other.Annotation.Root({ log: other.Annotation<string[]> });
    const graph = new other.StateGraph(Kept)
      .addNode(
        'one',
        prompts.ChatPromptTemplate.fromMessages([['system', 'Old.']]).pipe((prompt) => ({
          log: [prompt.toString()],
        })) as never,
      )
      .addEdge('__start__', 'one' as never)
      .compile();
    const changed = rewrite(graph, { 'one.system': 'New.' });
    expect((await changed.invoke({ log: [] })).log).toEqual(['System: New.']);
    expect((await graph.invoke({ log: [] })).log).toEqual(['System: Old.']);
    const agent = langchain.createAgent({
      model: fakeModel().respond(new AIMessage('yes')) as never,
      tools: [],
      systemPrompt: 'Old.',
    });
    const rewritten = rewrite(agent, { system: 'New.' });
    expect(rewritten).toBeInstanceOf(agent.constructor);
    expect(rewritten.options.systemPrompt).toBe('New.');
  });

  it('descriptions of tools are found where the tools are bound to a model, not in a ToolNode', () => {
    const search = tool(async () => 'x', {
      name: 'search',
      description: 'Searches.',
      schema: z.object({ q: z.string().describe('What.') }),
    });
    const bound = new ChatOpenAI({ model: 'm', apiKey: 'x' }).bindTools([search]);
    const ask = ChatPromptTemplate.fromMessages([['system', 'Ask.']]).pipe(bound);
    const graph = (call: unknown) =>
      new StateGraph(MessagesAnnotation)
        .addNode('call', call as never)
        .addNode('tools', new ToolNode([search]))
        .addEdge(START, 'call' as never)
        .addEdge('call' as never, 'tools' as never)
        .compile();
    const names = (program: unknown) => Object.keys(discover(program, { tools: true }).components);
    expect(names(graph(ask))).toEqual(['call.system', 'call.tools.search', 'call.tools.search.q']);
    const inCode = graph(() => bound.invoke('hi'));
    expect(names(inCode)).toEqual([]);
    expect(discover(inCode).skipped).toContainEqual(
      expect.objectContaining({
        location: expect.stringContaining('node "tools" › "func" › descriptions of tools'),
        reason: expect.stringContaining('bound to it'),
      }),
    );
  });

  it('a rewritten agent graph keeps middleware around its tools', async () => {
    const ask = node('Inside.').asTool({ name: 'ask', schema: z.object({ text: z.string() }) });
    const calls: string[] = [];
    const recording = createMiddleware({
      name: 'recording',
      wrapToolCall: async (request, handler) => {
        calls.push(request.toolCall.name);
        return handler(request);
      },
    });
    const { graph } = createAgent({
      model: fakeModel()
        .respondWithTools([{ name: 'ask', args: { text: 't' }, id: '1' }])
        .respond(new AIMessage('done')) as never,
      tools: [ask],
      middleware: [recording],
    });
    const changed = rewrite(graph, { 'ask.system': 'Changed.' });
    const { messages } = await changed.invoke({ messages: [{ role: 'user', content: 'hi' }] } as never);
    expect(JSON.stringify(messages)).toContain('Changed.');
    expect(calls).toEqual(['ask']);
  });

  it('a rewritten ToolNode runs its rewritten tools', async () => {
    const inner = node('Inside.');
    const search = tool(async ({ q }) => q, { name: 'search', schema: z.object({ q: z.string() }) });
    const asTool = inner.asTool({ name: 'ask', schema: z.object({ text: z.string() }) });
    const graph = new StateGraph(Annotation.Root({ messages: Annotation<unknown> }))
      .addNode('tools', new ToolNode([search, asTool], { handleToolErrors: false }))
      .addEdge(START, 'tools')
      .addEdge('tools', END)
      .compile();
    const changed = rewrite(graph, { 'ask.system': 'Changed.' });
    const call = { name: 'ask', args: { text: 't' }, id: '1', type: 'tool_call' as const };
    const message = { role: 'assistant', content: '', tool_calls: [call] };
    const input = { messages: [new AIMessage(message)] };
    const { messages } = (await changed.invoke(input)) as { messages: { messages: { content: string }[] } };
    expect(JSON.stringify(messages)).toContain('Changed.');
    expect(JSON.stringify(await graph.invoke(input))).toContain('Inside.');
  });
});
