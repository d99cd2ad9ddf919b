// @module-tag slow
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import {
  type Runnable,
  RunnableBranch,
  RunnableLambda,
  RunnableParallel,
  RunnablePassthrough,
  RunnableSequence,
} from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  Command,
  entrypoint,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { createAgent } from 'langchain';
import { describe, expect, it } from 'vitest';
import { gepa } from '../gepa.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { Recorder } from './recorder.ts';

const double = RunnableLambda.from((text: string) => {
  if (text === 'bad') throw new Error('no');
  return text + text;
});
const record = async (recorder: Recorder, ...inputs: string[]) => {
  for (const input of inputs) await double.invoke(input, { callbacks: [recorder] }).catch(() => {});
};

it('a Recorder turns runs into examples that compile accepts as a trainset', async () => {
  const recorder = new Recorder();
  const program = ChatPromptTemplate.fromMessages([
    ['system', 'Sort.'],
    ['human', '{text}'],
  ])
    .pipe(new FakeListChatModel({ responses: ['sorted'] }))
    .pipe(({ text }) => text);
  const runId = crypto.randomUUID();
  await program.invoke({ text: 'one' }, { callbacks: [recorder], runId });
  expect(recorder.feedback(runId, { expected: 'right', score: 0.5, comment: 'not quite' })).toBe(true);
  expect(recorder.examples()).toEqual([
    {
      id: runId,
      input: { text: 'one' },
      expected: 'right',
      metadata: { output: 'sorted', score: 0.5, comment: 'not quite' },
    },
  ]);
  const compiled = await gepa(program).compile({
    trainset: recorder.examples() as never,
    metric: ({ output, example }) => output === example.expected,
    reflectionModel: async () => '```\nBetter.\n```',
    maxMetricCalls: 3,
  });
  expect(compiled.result.seedScore).toBe(0);
});

it('a Recorder records the input of an agent', async () => {
  const recorder = new Recorder();
  const agent = createAgent({
    model: fakeModel().respond(new HumanMessage('x') as never) as never,
    tools: [],
  });
  await agent.invoke({ messages: [new HumanMessage('hi')] }, { callbacks: [recorder] }).catch(() => {});
  expect(recorder.examples()).toMatchObject([{ input: { messages: [{ content: 'hi' }] } }]);
});

describe('the recorded input', () => {
  const chain = ChatPromptTemplate.fromMessages([['human', '{input}']])
    .pipe(new FakeListChatModel({ responses: ['yes'] }))
    .pipe(new StringOutputParser());
  const graph = new StateGraph(Annotation.Root({ input: Annotation<string> }))
    .addNode('node', async (state) => ({ input: await chain.invoke(state) }))
    .addEdge(START, 'node')
    .compile();
  const input = { input: 'hi' };
  const cases: Record<string, [Runnable<never, unknown>, unknown]> = {
    'a chain': [chain, input],
    'a binding': [chain.withConfig({ tags: ['x'] }), input],
    'a retry': [chain.withRetry(), input],
    fallbacks: [chain.withFallbacks([chain]), input],
    'a map': [RunnableParallel.from({ a: chain }), input],
    'a map of functions': [RunnableParallel.from({ a: ({ q }: { q: string }) => q }), { q: 'hi' }],
    'an assign': [RunnablePassthrough.assign({ a: chain }), input],
    'a branch': [RunnableBranch.from([[() => true, chain], chain]), input],
    'a lambda': [RunnableLambda.from(({ q }: { q: string }) => q), { q: 'hi' }],
    'a lambda of strings': [RunnableLambda.from((text: string) => text), 'hi'],
    'a chain of strings': [
      RunnableSequence.from([{ input: new RunnablePassthrough<string>() }, chain]),
      'hi',
    ],
    'a graph': [graph as unknown as Runnable<never, unknown>, input],
  };

  it.each(Object.entries(cases))(
    'a Recorder records the input of %s as given, streamed or not',
    async (_name, [program, input]) => {
      const recorder = new Recorder();
      await program.invoke(input as never, { callbacks: [recorder] });
      for await (const _ of await program.stream(input as never, { callbacks: [recorder] }));
      expect(recorder.examples().map((example) => example.input)).toEqual([input, input]);
    },
  );
});

it('a Recorder records strings, and the errors of failed runs', async () => {
  const recorder = new Recorder();
  await record(recorder, 'a', 'bad');
  expect(recorder.examples().map(({ input, metadata }) => [input, metadata])).toEqual([
    ['a', { output: 'aa' }],
    ['bad', { error: 'no' }],
  ]);
  recorder.clear();
  expect(recorder.examples()).toEqual([]);
});

it('a Recorder drops the oldest runs beyond its capacity, also unfinished ones', async () => {
  const recorder = new Recorder({ capacity: 2 });
  await record(recorder, 'a', 'b', 'c');
  expect(recorder.examples().map(({ input }) => input)).toEqual(['b', 'c']);
  const chain = { lc: 1, type: 'not_implemented', id: ['x'] } as const;
  for (let i = 0; i < 3; i++) recorder.handleChainStart({ ...chain, id: ['x'] }, { input: i }, `open ${i}`);
  recorder.handleChainEnd({ output: 0 }, 'open 0');
  expect(recorder.examples().map(({ input }) => input)).toEqual(['b', 'c']);
});

it('a Recorder records a fraction of the runs', async () => {
  const draws = [0.1, 0.9, 0.2];
  const recorder = new Recorder({ sampleRate: 0.5, random: () => draws.shift()! });
  await record(recorder, 'a', 'b', 'c');
  expect(recorder.examples().map(({ input }) => input)).toEqual(['a', 'c']);
  const none = new Recorder({ sampleRate: 0 });
  await record(none, 'a');
  expect(none.examples()).toEqual([]);
});

it('a Recorder redacts examples before it stores them and drops those that redact throws on', async () => {
  const recorder = new Recorder({
    redact: (example) => {
      if (example.input === 'b') return undefined;
      if (example.input === 'c') throw new Error('cannot');
      return { ...example, input: '***', metadata: {} };
    },
  });
  await record(recorder, 'a', 'b', 'c');
  expect(recorder.examples()).toMatchObject([{ input: '***', metadata: {} }]);
});

it('a Recorder with a runName records runs of that name at any depth', async () => {
  const recorder = new Recorder({ runName: 'inner' });
  const outer = RunnableLambda.from((text: string) => text).pipe(double.withConfig({ runName: 'inner' }));
  await outer.invoke('a', { callbacks: [recorder] });
  expect(recorder.examples()).toMatchObject([{ input: 'a', metadata: { output: 'aa' } }]);
  expect(recorder.feedback('unknown', {})).toBe(false);
});

it('a Recorder throws on options out of range', () => {
  expect(() => new Recorder({ capacity: 0, sampleRate: 2 })).toThrow(/capacity[\s\S]*sampleRate/);
});

describe('a turn in a thread', () => {
  const graph = () =>
    new StateGraph(MessagesAnnotation)
      .addNode('reply', async ({ messages }) => {
        if (messages.at(-1)?.text === 'fail') throw new Error('no');
        // An answer that repeats the question is not mistaken for it.
        return { messages: [new AIMessage(String(messages.at(-1)?.text))] };
      })
      .addEdge(START, 'reply')
      .compile({ checkpointer: new MemorySaver() });
  const ask = (text: string) => ({ messages: [{ role: 'user', content: text }] }) as never;
  const recorded = (recorder: Recorder) =>
    recorder
      .examples()
      .map(({ input }) => (input as { messages: { content: string }[] }).messages.map((one) => one.content));

  it('a turn in a thread is recorded with the conversation before it, also streamed and when it fails', async () => {
    const program = graph();
    const recorder = new Recorder();
    const config = { configurable: { thread_id: 't' }, callbacks: [recorder] };
    await program.invoke(ask('One'), config);
    await program.invoke(ask('Two'), config);
    for await (const _ of await program.stream(ask('Three'), config));
    await expect(program.invoke(ask('fail'), config)).rejects.toThrow('no');
    await program.invoke(ask('Other'), { ...config, configurable: { thread_id: 'u' } });
    expect(recorded(recorder)).toEqual([
      ['One'],
      ['One', 'One', 'Two'],
      ['One', 'One', 'Two', 'Two', 'Three'],
      ['One', 'One', 'Two', 'Two', 'Three', 'Three', 'fail'],
      ['Other'],
    ]);
  });

  it('a turn of an agent in a thread is recorded with the conversation before it', async () => {
    const model = fakeModel().respond(new AIMessage('First.')).respond(new AIMessage('Second.'));
    const agent = createAgent({ model: model as never, tools: [], checkpointer: new MemorySaver() });
    const recorder = new Recorder();
    const config = { configurable: { thread_id: 't' }, callbacks: [recorder] };
    await agent.invoke(ask('One'), config);
    await agent.invoke({ messages: 'Two' } as never, config);
    const [first, second] = recorder
      .examples()
      .map(({ input }) => (input as { messages: unknown[] }).messages);
    expect(first).toEqual([{ role: 'user', content: 'One' }]);
    expect(second).toMatchObject([{ content: 'One' }, { content: 'First.' }, 'Two']);
  });
});

describe('a call that continues a run', () => {
  const recorded = async (calls: (config: object) => Promise<unknown>) => {
    const recorder = new Recorder();
    await calls({ configurable: { thread_id: 't' }, callbacks: [recorder] });
    return recorder.examples().map(({ input }) => input);
  };
  const message = new HumanMessage('Help.');
  const again = new HumanMessage('Help again.');

  it('after an interrupt is not an example, in a graph, in a stream and in an entrypoint', async () => {
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('ask', async () => ({ messages: [interrupt('Sure?')] }))
      .addEdge(START, 'ask')
      .compile({ checkpointer: new MemorySaver() });
    const flow = entrypoint(
      { name: 'flow', checkpointer: new MemorySaver() },
      async (text: string) => `${text} ${interrupt('Sure?')}`,
    );
    const resume = new Command({ resume: 'yes' }) as never;
    const inputs = await recorded(async (config) => {
      await graph.invoke({ messages: [message] }, config);
      await graph.invoke(resume, config);
      await graph.invoke({ messages: [again] }, config);
      for await (const _ of await graph.stream(resume, config));
      await flow.invoke('text', config);
      await flow.invoke(resume, config);
    });
    expect(inputs).toEqual([
      { messages: [message] },
      { messages: [message, expect.objectContaining({ content: 'yes' }), again] },
      'text',
    ]);
  });

  it('after a breakpoint is not an example, and a command with an update is one', async () => {
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('wait', async () => ({}))
      .addEdge(START, 'wait')
      .compile({ checkpointer: new MemorySaver(), interruptBefore: ['wait'] });
    const update = new Command({ update: { messages: [message] } });
    const inputs = await recorded(async (config) => {
      await graph.invoke({ messages: [message] }, config);
      await graph.invoke(null, config);
      await graph.invoke(update as never, config);
    });
    expect(inputs).toEqual([{ messages: [message] }, update]);
  });
});
