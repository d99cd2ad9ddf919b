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
import { gepa } from '../gepa.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { rolloutContext, runSeed } from '../testing/rollout.ts';

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

describe('the threads of a rollout', () => {
  /** A program that names the thread of its agent, and continues it. */
  const inThread = (checkpointer: MemorySaver) => {
    const answers = ['one', 'two', 'one', 'two', 'one', 'two', 'one', 'two'];
    const model = answers.reduce((fake, text) => fake.respond(new AIMessage(text)), fakeModel());
    const agent = createAgent({ model: model as never, tools: [], systemPrompt: 'Be.', checkpointer });
    const program = RunnableLambda.from(async (user: string) => {
      const config = { configurable: { thread_id: user } };
      await agent.invoke({ messages: [new HumanMessage('first')] }, config);
      const { messages } = await agent.invoke({ messages: [new HumanMessage('second')] }, config);
      return messages.map(({ text }) => text).join();
    });
    return { agent, program };
  };

  it.each(['one after another', 'at the same time'])(
    'a thread that a function names belongs to its rollout: rollouts %s',
    async (how) => {
      const saver = new CountingSaver();
      const { agent, program } = inThread(saver);
      const outputs: unknown[] = [];
      const target = gepa(program, { parts: { agent } });
      await target.evaluate({
        examples: ['ann', 'bob'].map((input) => ({ input })),
        candidates: { seed: 'seed', other: { 'agent.system': 'Be kind.' } },
        metric: ({ output }) => {
          outputs.push(output);
          return 1;
        },
        concurrency: how === 'at the same time' ? 4 : 1,
      });
      target.dispose();
      expect(outputs.map((output) => String(output).split(',').length)).toEqual([4, 4, 4, 4]);
      expectUnused(saver);
    },
  );

  it('are those of the checkpointer in the compiled program', async () => {
    const saver = new CountingSaver();
    const { agent, program } = inThread(saver);
    const target = gepa(program, { parts: { agent } });
    const compiled = target.apply({ 'agent.system': 'Be kind.' });
    await compiled.invoke('ann');
    expect((await compiled.invoke('ann')).split(',')).toHaveLength(8);
    expect(Object.keys(saver.storage)).toEqual(['ann']);
    target.dispose();
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
