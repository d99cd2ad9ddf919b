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
import { RolloutError, type RunContext, tunable } from 'gepa-core';
import { seedCandidateOf } from 'gepa-core/adapter';
import { createAgent } from 'langchain';
import { describe, expect, it } from 'vitest';
import { createAdapter, type Invocable } from './adapter.ts';
import { RolloutThreads } from './rollout-threads.ts';
import { fakeModel } from './testing/fake-model.ts';

/** Notes who used it. */
class Watched extends MemorySaver {
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

const context: RunContext = {
  signal: new AbortController().signal,
  runId: 'run',
  iteration: 1,
  phase: 'minibatch',
  candidateIndex: 0,
  exampleId: 'train:0',
};
const words = tunable('words', 'Some words.');
const run = (program: unknown, input: unknown, options: object = {}) => {
  const adapter = createAdapter({ program: program as Invocable, ...options });
  return adapter.run(seedCandidateOf(adapter.components), { input }, context);
};
const untouched = (saver: Watched) => {
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

describe('the threads of rollouts', () => {
  it('are kept in memory until the rollout is over', async () => {
    const saver = new Watched();
    const threads = new RolloutThreads(new Set([saver as never]));
    const memory = (await threads.savers()).get(saver) as unknown as MemorySaver;
    await build(memory).invoke({ log: [] }, { configurable: { thread_id: 'a' } });
    await build(memory).invoke({ log: [] }, { configurable: { thread_id: 'b' } });
    await threads.forget('a');
    expect(Object.keys(memory.storage)).toEqual(['b']);
    untouched(saver);
  });

  it('leave nothing behind in the checkpointer of a graph, nor touch it', async () => {
    const saver = new Watched();
    expect((await run(build(saver), { log: [] })).output).toEqual({ log: ['done'] });
    untouched(saver);
  });

  it('nor of an agent, also one that was set later', async () => {
    const saver = new Watched();
    const model = fakeModel().respond(new AIMessage('yes')).respond(new AIMessage('no'));
    const agent = createAgent({ model: model as never, tools: [], systemPrompt: 'Be.', checkpointer: saver });
    const input = { messages: [new HumanMessage('hi')] };
    await run(agent, input);
    untouched(saver);
    const later = createAgent({ model: model as never, tools: [], systemPrompt: 'Be.' });
    later.checkpointer = saver;
    await run(later, input);
    untouched(saver);
  });

  it('nor of graphs inside other programs, or of the functional API', async () => {
    const saver = new Watched();
    await run(RunnableLambda.from((log: string[]) => ({ log })).pipe(build(saver) as never), []);
    const flow = entrypoint({ name: 'flow', checkpointer: saver }, async (x: number) => ({
      x,
      before: getPreviousState<unknown>(),
    }));
    const options = { components: { words: words.component }, tunables: [words] };
    expect((await run(flow, 3, options)).output).toEqual({ x: 3, before: undefined });
    untouched(saver);
  });

  it('nor when a rollout fails', async () => {
    const saver = new Watched();
    const fails = () => {
      throw new Error('down');
    };
    await expect(run(build(saver, fails), { log: [] })).rejects.toThrow(RolloutError);
    untouched(saver);
  });

  it('let a program stop at an interrupt', async () => {
    const saver = new Watched();
    const { output } = await run(
      build(saver, () => interrupt('May I?')),
      { log: [] },
    );
    expect(output).toMatchObject({ __interrupt__: [{ value: 'May I?' }] });
    untouched(saver);
  });

  it('see nothing of what the nodes of a graph gave in another rollout', async () => {
    const words = ChatPromptTemplate.fromMessages([['system', 'Some words.']]);
    const cache = new InMemoryCache();
    const graph = new StateGraph(State)
      .addNode('one', words.pipe((prompt) => ({ log: [prompt.toString()] })) as never, { cachePolicy: true })
      .addEdge(START, 'one' as never)
      .compile({ cache });
    await graph.invoke({ log: [] });
    const adapter = createAdapter({ program: graph as unknown as Invocable });
    for (const text of ['Other words.', 'More words.']) {
      const { output } = await adapter.run({ 'one.system': text }, { input: { log: [] } }, context);
      expect(output).toEqual({ log: [`System: ${text}`] });
    }
    expect((graph as unknown as { cache: unknown }).cache).toBe(cache);
    expect(await graph.invoke({ log: [] })).toEqual({ log: ['System: Some words.'] });
  });

  it('are the caller’s where the caller names them, past included', async () => {
    const saver = new Watched();
    const graph = build(saver);
    const config = { configurable: { thread_id: 'mine' } };
    await graph.invoke({ log: ['before'] }, config);
    const { output } = await run(graph, { log: [] }, { config: () => config });
    expect(output).toEqual({ log: ['before', 'done', 'done'] });
    expect(Object.keys(saver.storage)).toEqual(['mine']);
  });
});
