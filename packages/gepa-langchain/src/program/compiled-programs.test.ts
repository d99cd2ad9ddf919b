import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { Runnable, RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import {
  Annotation,
  type LangGraphRunnableConfig,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { createAgent } from 'langchain';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { gepa, type LangChainTarget } from '../gepa.ts';
import type { GepaOptions } from '../options.ts';
import { type ChatRequest, contentText, useOpenAIServer } from '../testing/openai-server.ts';

/** Answers with the system prompt and the descriptions of the tools. */
const server = useOpenAIServer(({ messages, tools }: ChatRequest) =>
  [contentText(messages[0]), ...(tools ?? []).map((one) => one.function.description)].join(' + '),
);

const lookup = () =>
  tool(async () => 'found', {
    name: 'lookup',
    description: 'Finds an order.',
    schema: z.object({ id: z.string() }),
  });
const agent = (tools = [lookup()]) =>
  createAgent({ model: server.model(), name: 'clerk', tools, systemPrompt: 'You sell.' });
const asked = { messages: [new HumanMessage('Hello')] };
const answerOf = async (program: { invoke(input: never): Promise<unknown> }): Promise<string> =>
  ((await program.invoke(asked as never)) as { messages: { text: string }[] }).messages.at(-1)!.text;

/** The target's program with a text in every component that names the component. */
const withTexts = <Program>(target: LangChainTarget<Program>, prefix: string): Program =>
  target.apply(
    Object.fromEntries(Object.keys(target.components).map((name) => [name, `${prefix} ${name}`])) as never,
  );

/** A prompt, and a function that renders it. */
function closure() {
  const prompt = ChatPromptTemplate.fromMessages([['system', 'Old.']]);
  const render = async (_: unknown): Promise<string> => (await prompt.formatMessages({}))[0]!.text;
  return { prompt, render };
}

type Step = RunnableLambda<string, string>;

const State = Annotation.Root({ seen: Annotation<string> });

describe('what is assigned to a compiled program', () => {
  const { prompt, render } = closure();
  const graph = () =>
    new StateGraph(State)
      .addNode('reply', async () => ({ seen: await render('') }))
      .addEdge(START, 'reply')
      .compile();
  const cases: [string, () => { checkpointer?: unknown }, GepaOptions][] = [
    ['a graph with parts', graph, { parts: { prompt } }],
    ['an agent with parts', agent, { parts: { prompt }, exclude: ['system'] }],
    ['an agent with tools', agent, { tools: true, exclude: ['system'] }],
  ];
  it.each(cases)('does not change the program itself: %s', (_name, make, options) => {
    const program = make();
    const target = gepa(program as never, options) as LangChainTarget<{ checkpointer?: unknown }>;
    const [one, other] = [withTexts(target, 'New'), withTexts(target, 'Other')];
    const saver = new MemorySaver();
    one.checkpointer = saver;
    expect(one.checkpointer).toBe(saver);
    expect([program.checkpointer, other.checkpointer]).toEqual([undefined, undefined]);
    const again = gepa(one as never, options) as typeof target;
    expect(withTexts(again, 'Again').checkpointer).toBe(saver);
  });

  it('is used when it runs', async () => {
    const program = gepa(graph(), { parts: { prompt } }).apply({ 'prompt.system': 'New.' });
    program.checkpointer = new MemorySaver();
    const onThread = { configurable: { thread_id: 'a' } };
    await program.invoke({ seen: '' }, onThread);
    expect((await program.getState(onThread)).values).toEqual({ seen: 'New.' });
  });
});

describe('a stream of a compiled program', () => {
  it('that is left early cancels the run at once', async ({ skip }) => {
    const { prompt, render } = closure();
    let reason: unknown;
    const graph = new StateGraph(State)
      .addNode('first', async () => ({ seen: await render('') }))
      .addNode(
        'second',
        (_, { signal }: LangGraphRunnableConfig) =>
          new Promise<never>((_resolve, reject) => {
            signal!.addEventListener('abort', () => {
              reason = signal!.reason;
              reject(signal!.reason);
            });
          }),
      )
      .addEdge(START, 'first')
      .addEdge('first', 'second')
      .compile();
    const firstChunk = async (program: typeof graph) => {
      reason = undefined;
      for await (const chunk of await program.stream({ seen: '' }, { streamMode: 'updates' })) return chunk;
      return undefined;
    };
    await firstChunk(graph);
    skip(reason === undefined, 'This version of LangGraph does not cancel the run.');
    const program = gepa(graph, { parts: { prompt } }).apply({ 'prompt.system': 'New.' });
    expect(await firstChunk(program)).toEqual({ first: { seen: 'New.' } });
    expect(reason).toBeInstanceOf(Error);
  });

  it('has the original texts in the steps before it', async () => {
    const { prompt, render } = closure();
    const list = RunnableLambda.from(async (before: string) => `${before}${await render(before)}`);
    const target = gepa(list, { parts: { prompt } });
    const [one, other] = ['One.', 'Other.'].map((text) => target.apply({ 'prompt.system': text }));
    const whole = RunnableSequence.from([list, one!, list, other!]);
    let streamed = '';
    for await (const chunk of await whole.stream('')) streamed += chunk;
    expect(streamed).toBe('Old.One.Old.Other.');
    expect(await whole.invoke('')).toBe(streamed);
  });
});

describe('a program that is joined to a compiled program', () => {
  it.each<[string, (list: Step, compiled: Step) => Pick<Step, 'invoke'>, string, string?]>([
    ['by pipe', (list, compiled) => compiled.pipe(list).pipe(list), 'New.Old.Old.'],
    [
      'by pipe of a sequence',
      (list, compiled) => compiled.pipe((text: string) => text).pipe(list),
      'New.Old.',
    ],
    [
      'by assign',
      (list, compiled) =>
        compiled
          .pipe((text: string) => ({ text }))
          .assign({ other: () => list.invoke('') })
          .pipe((all: object) => Object.values(all).join('')) as never,
      'New.Old.',
    ],
    ['as a fallback', (list, compiled) => compiled.withFallbacks([list]), 'New.Old.', 'New.'],
  ])('keeps its own texts: %s', async (_name, join, expected, input = '') => {
    const { prompt, render } = closure();
    const list = RunnableLambda.from(async (before: string) => {
      const text = await render(before);
      if (text === before) throw new Error('Twice the same.');
      return `${before}${text}`;
    });
    const target = gepa(list, { parts: { prompt } });
    expect(await join(list, target.apply({ 'prompt.system': 'New.' })).invoke(input)).toBe(expected);
  });

  it('can be compiled with it', async () => {
    const { prompt, render } = closure();
    const sequence = RunnableLambda.from(render).pipe((text: string) => `(${text})`);
    const once = gepa(sequence, { parts: { prompt } }).apply({ 'prompt.system': 'Once.' });
    const piped = once.pipe((text: string) => `[${text}]`).withConfig({ tags: ['x'] });
    const target = gepa(piped, { parts: { prompt } });
    expect(target.components['prompt.system']!.text).toBe('Once.');
    expect(await target.apply({ 'prompt.system': 'Twice.' }).invoke('')).toBe('[(Twice.)]');
    expect(await piped.invoke('')).toBe('[(Once.)]');
  });
});

describe('a compiled program can be compiled again', () => {
  it('with the graph of a named agent in it, and tools', async () => {
    const clerk = agent();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('clerk', clerk.graph as never)
      .addEdge(START, 'clerk' as never)
      .compile();
    const options = { parts: { clerk }, tools: true };
    const once = withTexts(gepa(graph, options), 'Once');
    const twice = withTexts(gepa(once, options), 'Twice');
    expect(await answerOf(twice)).toBe('Twice clerk.system + Twice clerk.tools.lookup');
    expect(await answerOf(once)).toBe('Once clerk.system + Once clerk.tools.lookup');
    expect(await answerOf(graph)).toBe('You sell. + Finds an order.');
  });

  it('by another copy of this package', async () => {
    const { prompt, render } = closure();
    const options = { parts: { prompt } };
    const once = gepa(RunnableLambda.from(render), options).apply({ 'prompt.system': 'Once.' });
    vi.resetModules();
    const other = await import('../gepa.ts');
    expect(other.gepa).not.toBe(gepa);
    const again = other.gepa(once, options);
    expect(again.components['prompt.system']!.text).toBe('Once.');
    expect(await again.apply({ 'prompt.system': 'Twice.' }).invoke('')).toBe('Twice.');
  });

  it('if it is a part of itself', () => {
    const clerk = agent();
    const options = { parts: { clerk }, tools: true };
    const once = gepa(clerk, options).apply({
      'clerk.system': 'You sell.',
      'clerk.tools.lookup': 'Once.',
    } as never);
    expect(Object.keys(gepa(once, options).components)).toEqual(['clerk.system', 'clerk.tools.lookup']);
  });
});

describe('a compiled program as a part of another program', () => {
  const clerks = () => withTexts(gepa(agent(), { tools: true }), 'Inner');

  it.each<[string, (clerk: ReturnType<typeof clerks>) => (state: never) => Promise<object>]>([
    [
      'a function calls it',
      (clerk) => async (state) => ({ messages: [new AIMessage(await clerkAnswer(clerk, state))] }),
    ],
    [
      'a function calls its graph',
      (clerk) => async (state) => ({ messages: [new AIMessage(await clerkAnswer(clerk.graph, state))] }),
    ],
    ['its graph is a node', (clerk) => clerk.graph as never],
  ])('has the new texts of the outer target, with and without tools: %s', async (_name, nodeOf) => {
    const clerk = clerks();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('clerk', nodeOf(clerk) as never)
      .addEdge(START, 'clerk' as never)
      .compile();
    const target = gepa(graph, { parts: { clerk } });
    expect(Object.keys(target.components)).toEqual(['clerk.system']);
    expect(await answerOf(withTexts(target, 'New'))).toBe('New clerk.system + Inner tools.lookup');
    const whole = gepa(graph, { parts: { clerk }, tools: true });
    expect(whole.components['clerk.tools.lookup']!.text).toBe('Inner tools.lookup');
    expect(await answerOf(withTexts(whole, 'New'))).toBe('New clerk.system + New clerk.tools.lookup');
    expect(await answerOf(graph)).toBe('Inner system + Inner tools.lookup');
    const { result } = await whole.compile({
      trainset: [{ input: asked as never }],
      metric: ({ output }) => (JSON.stringify(output).includes('Best. + Best.') ? 1 : 0),
      propose: async () => ({ 'clerk.system': 'Best.', 'clerk.tools.lookup': 'Best.' }),
      componentSelector: 'all',
      maxIterations: 1,
    });
    expect(result.bestScore).toBe(1);
  });
});

const clerkAnswer = (clerk: { invoke(input: never): Promise<unknown> }, state: never) =>
  clerk.invoke(state).then((output) => (output as { messages: { text: string }[] }).messages.at(-1)!.text);

it('a tool that is a part has the new descriptions where a function binds it', async () => {
  const find = lookup();
  const program = RunnableLambda.from(async (text: string) => {
    const { content } = await server.model().bindTools([find]).invoke(text);
    return String(content);
  });
  const target = gepa(program, { tools: true, parts: { find } });
  expect(await withTexts(target, 'NEW').invoke('Hello')).toContain('NEW ');
  expect(await program.invoke('Hello')).toContain('Finds an order.');
});

it.each([
  ['a stream', () => ReadableStream.from(['a'])],
  [
    'an iterable',
    () => ({ [Symbol.asyncIterator]: () => ReadableStream.from(['a'])[Symbol.asyncIterator]() }),
  ],
])('transform of a compiled program takes %s', async (_, input) => {
  const { prompt, render } = closure();
  const compiled = withTexts(gepa(RunnableLambda.from(render), { parts: { prompt } }), 'NEW');
  const seen: unknown[] = [];
  for await (const part of compiled.transform(input() as never, {})) seen.push(part);
  expect(seen.join()).toContain('NEW');
});

it('a program whose private fields a compiler has lowered is not copied without them', async () => {
  const states = new WeakMap<object, string>();
  const __privateGet = (of: object) => {
    if (!states.has(of)) throw new TypeError('Cannot read from private field');
    return states.get(of);
  };
  class Greeter extends RunnableLambda<string, string> {
    constructor(prompt: ChatPromptTemplate) {
      super({ func: async () => `${(await prompt.formatMessages({}))[0]!.text} ${this.greeting()}` });
      states.set(this, 'Hi.');
    }
    greeting() {
      return __privateGet(this);
    }
    override async invoke(input: string) {
      return `${await super.invoke(input)} ${this.greeting()}`;
    }
  }
  const { prompt } = closure();
  const compiled = withTexts(gepa(new Greeter(prompt), { parts: { prompt } }), 'NEW');
  expect(await compiled.invoke('x')).toContain('NEW');
});

const modes = new WeakMap<object, string>();

class Switch extends Runnable<string, string> {
  lc_namespace = ['tests'];
  readonly render: (text: string) => Promise<string>;
  constructor(render: (text: string) => Promise<string>) {
    super();
    this.render = render;
    modes.set(this, 'on');
  }
  override async invoke(input: string) {
    return `${await this.render(input)} ${modes.get(this)!.toUpperCase()}`;
  }
}

it("a program of the user's own class with state outside of it runs with new texts", async () => {
  const { prompt, render } = closure();
  const compiled = withTexts(gepa(new Switch(render), { parts: { prompt } }), 'NEW');
  expect(await compiled.invoke('x')).toBe('NEW prompt.system ON');
});
