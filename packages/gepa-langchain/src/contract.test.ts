// @module-tag slow

import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda, RunnablePassthrough } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { tunable } from 'gepa-core';
import { adapterContract } from 'gepa-core/testing';
import { createAgent } from 'langchain';
import { z } from 'zod';
import { createAdapter, type Invocable } from './adapter.ts';
import { findTexts } from './find-texts.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

/** Answers with everything it was sent; a failing and an endless example say so in the text. */
const server = (): Promise<OpenAIServer> =>
  startOpenAIServer(async ({ messages }) => {
    const sent = JSON.stringify(messages);
    if (sent.includes('FAIL')) return { status: 400, error: 'refused' };
    if (sent.includes('ENDLESS')) await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    return sent;
  });

const example = { input: { text: 'Hello' } };
const failingExample = { input: { text: 'FAIL' } };
const endlessExample = { input: { text: 'ENDLESS' } };
const prompt = (system: string) =>
  ChatPromptTemplate.fromMessages([
    ['system', system],
    ['human', 'Sort {text}'],
  ]);

adapterContract('a chain', async () => {
  const models = await server();
  const step = (system: string) =>
    prompt(system)
      .pipe(models.model())
      .pipe(({ text }) => text);
  const program = RunnablePassthrough.assign({ first: step('First.') }).pipe(
    RunnablePassthrough.assign({ second: step('Second.') }),
  );
  return {
    adapter: createAdapter({ program: program as unknown as Invocable<{ text: string }> }),
    example,
    failingExample,
    endlessExample,
    fingerprint: () => JSON.stringify(program),
    callSource: ({ input }) => program.invoke(input),
    textsSeen: (output) => JSON.stringify(output),
    close: () => models.close(),
  };
});

const style = tunable('style', 'In a plain style.');

adapterContract('a graph with a tunable', async () => {
  const models = await server();
  const State = Annotation.Root({
    text: Annotation<string>,
    first: Annotation<string>,
    second: Annotation<string>,
  });
  const program = new StateGraph(State)
    .addNode(
      'one',
      prompt('First.')
        .pipe(models.model())
        .pipe(({ text }) => ({ first: text })),
    )
    .addNode('two', async ({ text }) => ({
      second: (await models.model().invoke(`${style.text} ${text}`)).text,
    }))
    .addEdge(START, 'one')
    .addEdge('one', 'two')
    .addEdge('two', END)
    .compile({ checkpointer: new MemorySaver() });
  const found = createAdapter({ program: program as unknown as Invocable }).components;
  const thread = () => ({ configurable: { thread_id: crypto.randomUUID() } });
  return {
    adapter: createAdapter({
      program: program as unknown as Invocable<{ text: string }>,
      components: { ...found, style: style.component },
      tunables: [style],
    }),
    example,
    failingExample,
    endlessExample,
    fingerprint: () => JSON.stringify([program.nodes.one?.bound, style.text]),
    callSource: ({ input }) => program.invoke(input, thread()),
    textsSeen: (output) => JSON.stringify(output),
    close: () => models.close(),
  };
});

adapterContract('an agent', async () => {
  const models = await server();
  const lookup = tool(async () => 'x', { name: 'lookup', description: 'Looks up.', schema: z.object({}) });
  const agent = createAgent({ model: models.model(), tools: [lookup], systemPrompt: 'You help.' });
  const ask = (text: string) => ({ messages: [new HumanMessage(text)] });
  const program = RunnableLambda.from((input: { text: string }) => ask(input.text));
  const inner = createAdapter({ program: agent as unknown as Invocable });
  return {
    adapter: {
      components: inner.components,
      run: async (candidate, { input }, context) =>
        inner.run(candidate, { input: await program.invoke(input) }, context),
    },
    example,
    failingExample,
    endlessExample,
    fingerprint: () => JSON.stringify([agent.options.systemPrompt, agent.options.tools]),
    callSource: ({ input }: typeof example) => agent.invoke(ask(input.text)),
    textsSeen: (output) => JSON.stringify(output).replace(/"id":"[^"]*"/g, ''),
    close: () => models.close(),
  };
});

adapterContract('a graph whose functions call parts', async () => {
  const models = await server();
  const State = Annotation.Root({
    text: Annotation<string>,
    first: Annotation<string>,
    second: Annotation<string>,
    third: Annotation<string>,
  });
  const RULES = 'Keep to the rules.';
  const answer = prompt('First.');
  const expert = createAgent({ model: models.model(), tools: [], systemPrompt: 'You help.' });
  const graph = new StateGraph(State)
    .addNode('one', async ({ text }) => ({
      first: (await answer.pipe(models.model()).invoke({ text })).text,
    }))
    .addNode('two', async ({ text }) => {
      const { messages } = await expert.invoke({ messages: [new HumanMessage(text)] });
      return { second: messages.at(-1)!.text };
    })
    .addNode('three', async ({ text }) => ({
      third: (await models.model().invoke([new SystemMessage(RULES), new HumanMessage(text)])).text,
    }))
    .addEdge(START, 'one')
    .addEdge('one', 'two')
    .addEdge('two', 'three')
    .addEdge('three', END)
    .compile();
  const { program, components, tunables, parts } = findTexts(graph, {
    parts: { answer, expert, rules: RULES },
  });
  return {
    adapter: createAdapter({
      program: program as unknown as Invocable<{ text: string }>,
      components,
      tunables,
      parts,
    }),
    example,
    failingExample,
    endlessExample,
    fingerprint: () => JSON.stringify([answer, expert.options.systemPrompt]),
    callSource: ({ input }) => graph.invoke(input),
    textsSeen: (output) => JSON.stringify(output),
    close: () => {
      parts.dispose();
      return models.close();
    },
  };
});
