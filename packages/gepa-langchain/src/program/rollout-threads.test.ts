import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import {
  Annotation,
  END,
  entrypoint,
  getPreviousState,
  interrupt,
  MemorySaver,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { InMemoryCache } from '@langchain/langgraph-checkpoint';
import { RolloutError, tunable } from 'gepa-core';
import { createAgent } from 'langchain';
import { describe, expect, it } from 'vitest';
import { createAdapter, type Invocable } from '../adapter.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { rolloutContext, runSeed } from '../testing/rollout.ts';
import { RolloutThreads } from './rollout-threads.ts';

/** Counts its uses. */
class CountingSaver extends MemorySaver {
  uses = 0;
  override async put(...args: Parameters<MemorySaver['put']>) {
    this.uses++;
    return super.put(...args);
  }
  override async getTuple(...args: Parameters<MemorySaver['getTuple']>) {
    this.uses++;
    return super.getTuple(...args);
  }
}

const words = tunable('words', 'Some words.');
const expectUnused = (saver: CountingSaver) => {
  expect(saver.uses).toBe(0);
  expect(saver.storage).toEqual({});
};

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
const build = (checkpointer: MemorySaver, node: () => unknown = () => ({ log: ['done'] })) =>
  new StateGraph(State)
    .addNode('one', ChatPromptTemplate.fromMessages([['system', 'Some words.']]).pipe(node as never) as never)
    .addEdge(START, 'one' as never)
    .addEdge('one' as never, END)
    .compile({ checkpointer });

describe('RolloutThreads', () => {
  it('the thread of a rollout is kept in memory until the rollout ends', async () => {
    const saver = new CountingSaver();
    const threads = new RolloutThreads(new Set([saver as never]));
    const memory = (await threads.savers()).get(saver) as unknown as MemorySaver;
    await build(memory).invoke({ log: [] }, { configurable: { thread_id: 'a' } });
    await build(memory).invoke({ log: [] }, { configurable: { thread_id: 'b' } });
    await threads.delete('a');
    expect(Object.keys(memory.storage)).toEqual(['b']);
    expectUnused(saver);
  });

  it('a rollout does not use the checkpointer of a graph', async () => {
    const saver = new CountingSaver();
    expect((await runSeed(build(saver), { log: [] })).output).toEqual({ log: ['done'] });
    expectUnused(saver);
  });

  it('a rollout does not use the checkpointer of an agent, also one assigned later', async () => {
    const saver = new CountingSaver();
    const model = fakeModel().respond(new AIMessage('yes')).respond(new AIMessage('no'));
    const agent = createAgent({ model: model as never, tools: [], systemPrompt: 'Be.', checkpointer: saver });
    const input = { messages: [new HumanMessage('hi')] };
    await runSeed(agent, input);
    expectUnused(saver);
    const later = createAgent({ model: model as never, tools: [], systemPrompt: 'Be.' });
    later.checkpointer = saver;
    await runSeed(later, input);
    expectUnused(saver);
  });

  it('a rollout does not use the checkpointer of a nested graph or of the functional API', async () => {
    const saver = new CountingSaver();
    await runSeed(RunnableLambda.from((log: string[]) => ({ log })).pipe(build(saver) as never), []);
    const flow = entrypoint({ name: 'flow', checkpointer: saver }, async (x: number) => ({
      x,
      before: getPreviousState<unknown>(),
    }));
    const options = { components: { words: words.component }, tunables: [words] };
    expect((await runSeed(flow, 3, options)).output).toEqual({ x: 3, before: undefined });
    expectUnused(saver);
  });

  it('a rollout that fails does not use the checkpointer', async () => {
    const saver = new CountingSaver();
    const fails = () => {
      throw new Error('down');
    };
    await expect(runSeed(build(saver, fails), { log: [] })).rejects.toThrow(RolloutError);
    expectUnused(saver);
  });

  it('a program can stop at an interrupt in a rollout', async () => {
    const saver = new CountingSaver();
    const { output } = await runSeed(
      build(saver, () => interrupt('May I?')),
      { log: [] },
    );
    expect(output).toMatchObject({ __interrupt__: [{ value: 'May I?' }] });
    expectUnused(saver);
  });

  it('a rollout does not use the node cache of a graph', async () => {
    const words = ChatPromptTemplate.fromMessages([['system', 'Some words.']]);
    const cache = new InMemoryCache();
    const graph = new StateGraph(State)
      .addNode('one', words.pipe((prompt) => ({ log: [prompt.toString()] })) as never, { cachePolicy: true })
      .addEdge(START, 'one' as never)
      .compile({ cache });
    await graph.invoke({ log: [] });
    const adapter = createAdapter({ program: graph as unknown as Invocable });
    for (const text of ['Other words.', 'More words.']) {
      const { output } = await adapter.run({ 'one.system': text }, { input: { log: [] } }, rolloutContext());
      expect(output).toEqual({ log: [`System: ${text}`] });
    }
    expect((graph as unknown as { cache: unknown }).cache).toBe(cache);
    expect(await graph.invoke({ log: [] })).toEqual({ log: ['System: Some words.'] });
  });

  it('a rollout uses the program’s checkpointer when config names a thread', async () => {
    const saver = new CountingSaver();
    const graph = build(saver);
    const config = { configurable: { thread_id: 'mine' } };
    await graph.invoke({ log: ['before'] }, config);
    const { output } = await runSeed(graph, { log: [] }, { config: () => config });
    expect(output).toEqual({ log: ['before', 'done', 'done'] });
    expect(Object.keys(saver.storage)).toEqual(['mine']);
  });
});
