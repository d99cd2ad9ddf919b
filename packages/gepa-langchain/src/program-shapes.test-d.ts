import { type AIMessage, type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { StringOutputParser, StructuredOutputParser } from '@langchain/core/output_parsers';
import {
  ChatPromptTemplate,
  FewShotChatMessagePromptTemplate,
  FewShotPromptTemplate,
  MessagesPlaceholder,
  PipelinePromptTemplate,
  PromptTemplate,
  StructuredPrompt,
} from '@langchain/core/prompts';
import {
  RunnableBranch,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnableSequence,
  RunnableWithMessageHistory,
} from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import {
  Annotation,
  Command,
  END,
  entrypoint,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
  task,
} from '@langchain/langgraph';
import { createReactAgent, ToolNode } from '@langchain/langgraph/prebuilt';
import { createSupervisor } from '@langchain/langgraph-supervisor';
import { createSwarm } from '@langchain/langgraph-swarm';
import { ChatOpenAI } from '@langchain/openai';
import { createDeepAgent } from 'deepagents';
import { createAgent, dynamicSystemPromptMiddleware, providerStrategy } from 'langchain';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { gepa, tunable } from './index.ts';

// 35 ordinary program shapes, in strict mode.

const model = new ChatOpenAI({ model: 'gpt-5-mini' });
const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Sort.'],
  ['human', '{ticket}'],
]);
const parser = new StringOutputParser();
const schema = z.object({ team: z.string() });
const lookup = tool(async ({ id }: { id: string }) => id, {
  name: 'lookup',
  description: 'Looks up.',
  schema: z.object({ id: z.string() }),
});

const settings = { reflectionModel: model, maxMetricCalls: 10 };
type Outputs<Target> = Target extends { apply(candidate: never): { invoke(...args: never): infer Output } }
  ? Awaited<Output>
  : never;

// Prompts and chains.
gepa(prompt); // 1
gepa(PromptTemplate.fromTemplate('Sort {ticket}')); // 2
gepa(prompt.pipe(model)); // 3
const chain = gepa(prompt.pipe(model).pipe(parser)); // 4
await chain.compile({
  ...settings,
  trainset: [{ input: { ticket: 'x' }, expected: 'billing' }],
  metric: ({ output, example }) => {
    expectTypeOf(output).toBeString();
    return output === example.expected;
  },
});
gepa(RunnableSequence.from([prompt, model, parser])); // 5
gepa(RunnableSequence.from([{ ticket: (text: string) => text }, prompt, model, parser])); // 6
gepa(RunnableMap.from({ a: prompt.pipe(model), b: prompt.pipe(model) })); // 7
gepa(RunnablePassthrough.assign({ answer: prompt.pipe(model) }).pipe(({ answer }) => answer)); // 8
gepa(prompt.pipe(model.withStructuredOutput(schema))); // 9
gepa(prompt.pipe(model.bindTools([lookup])), { tools: true }); // 10
gepa(prompt.pipe(model).withRetry({ stopAfterAttempt: 2 })); // 11
gepa(prompt.pipe(model).withFallbacks([prompt.pipe(model)])); // 12
gepa(
  RunnableBranch.from([[(x: { ticket: string }) => x.ticket === '', prompt.pipe(model)], prompt.pipe(model)]),
); // 13
gepa(prompt.pipe(model).withConfig({ tags: ['a'], runName: 'sort' })); // 14
gepa(new StructuredPrompt({ promptMessages: prompt.promptMessages, inputVariables: ['ticket'], schema: {} })); // 15
gepa(
  new FewShotPromptTemplate({
    examples: [],
    examplePrompt: PromptTemplate.fromTemplate('{a}'),
    prefix: 'Be.',
    suffix: '{q}',
    inputVariables: ['q'],
  }),
); // 16
gepa(
  ChatPromptTemplate.fromMessages([
    ['system', 'Sort.'],
    new FewShotChatMessagePromptTemplate({
      examples: [],
      examplePrompt: prompt,
      inputVariables: [],
    }) as never,
    new MessagesPlaceholder('history'),
  ]).pipe(model),
); // 17
gepa(
  new PipelinePromptTemplate({
    pipelinePrompts: [{ name: 'intro', prompt: PromptTemplate.fromTemplate('Be.') }],
    finalPrompt: PromptTemplate.fromTemplate('{intro}'),
  }),
); // 18
gepa(prompt.pipe(model).pipe(StructuredOutputParser.fromZodSchema(schema))); // 19
gepa(
  new RunnableWithMessageHistory({
    runnable: prompt.pipe(model),
    getMessageHistory: () => {
      throw new Error('unused');
    },
    inputMessagesKey: 'ticket',
  }),
  { config: (example) => ({ configurable: { sessionId: example.id } }) },
); // 20

// Code, with parts and tunables.
const sort = RunnableLambda.from(
  async (ticket: string) => (await prompt.pipe(model).invoke({ ticket })).text,
);
const named = gepa(sort, {
  parts: { sortPrompt: prompt, rules: 'Follow the rules.', note: new SystemMessage('Be kind.') },
}); // 21
expectTypeOf<Outputs<typeof named>>().toBeString();
gepa(sort, { tunables: [tunable('style', 'Be brief.'), tunable('answer', prompt)] }); // 22
gepa(sort, { parts: { sortPrompt: prompt }, variables: { rules: ['today'] }, include: ['sortPrompt.*'] }); // 23

// Graphs.
const State = Annotation.Root({ ticket: Annotation<string>, team: Annotation<string> });
const graph = new StateGraph(State)
  .addNode('sort', async ({ ticket }) => ({ team: await sort.invoke(ticket) }))
  .addEdge(START, 'sort')
  .addEdge('sort', END);
const compiledGraph = gepa(graph.compile(), { parts: { prompt } }); // 24
await compiledGraph.compile({
  ...settings,
  trainset: [{ input: { ticket: 'x' }, expected: 'billing' }],
  metric: ({ output, example }) => {
    expectTypeOf(output.team).toBeString();
    return output.team === example.expected;
  },
});
gepa(graph.compile({ checkpointer: new MemorySaver() }), { config: { recursionLimit: 50 } }); // 25
gepa(
  new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }) => ({
      messages: [await model.bindTools([lookup]).invoke(messages)],
    }))
    .addNode('tools', new ToolNode([lookup]))
    .addEdge(START, 'model')
    .addConditionalEdges('model', ({ messages }) =>
      (messages.at(-1) as AIMessage).tool_calls?.length ? 'tools' : END,
    )
    .addEdge('tools', 'model')
    .compile(),
  { parts: { rules: 'You are an agent.' } },
); // 26
gepa(
  new StateGraph(State)
    .addNode('route', async () => new Command({ goto: END, update: { team: 'x' } }), { ends: [END] })
    .addEdge(START, 'route')
    .compile(),
  { parts: { prompt } },
); // 27
const flow = entrypoint('flow', async (ticket: string) => {
  const sorted = await task('sort', async (text: string) => (await sort.invoke(text)).trim())(ticket);
  return { team: sorted };
});
await gepa(flow, { parts: { prompt } }).compile({
  ...settings,
  trainset: [{ input: 'x' }],
  metric: ({ output }) => {
    expectTypeOf(output).toEqualTypeOf<{ team: string }>();
    return output.team === 'billing';
  },
}); // 28

// Agents.
const agent = createAgent({ model, tools: [lookup], systemPrompt: 'Help.', name: 'helper' });
await gepa(agent).compile({
  ...settings,
  trainset: [{ input: { messages: [{ role: 'user', content: 'x' }] }, expected: 'y' }],
  metric: ({ output, example }) => {
    expectTypeOf(output.messages).toExtend<BaseMessage[]>();
    return output.messages.at(-1)!.text === example.expected;
  },
}); // 29
const contextual = createAgent({
  model: 'openai:gpt-5-mini',
  tools: [],
  systemPrompt: new SystemMessage('Help.'),
  contextSchema: z.object({ user: z.string() }),
  middleware: [dynamicSystemPromptMiddleware(() => 'Be kind.')],
});
gepa(contextual, { config: () => ({ context: { user: 'u1' }, configurable: { user_id: 'u1' } }) }); // 30
const structured = gepa(
  createAgent({ model, tools: [], systemPrompt: 'Sort.', responseFormat: providerStrategy(schema) }),
); // 31
expectTypeOf<Outputs<typeof structured>['structuredResponse']>().toEqualTypeOf<{ team: string }>();
const react = createReactAgent({ llm: model, tools: [lookup], prompt: 'Help.', name: 'react' });
gepa(react, { parts: { prompt: 'Help.' } }); // 32
gepa(createSupervisor({ agents: [react], llm: model, prompt: 'Route.' }).compile(), {
  parts: { supervisor: 'Route.' },
}); // 33
gepa(createSwarm({ agents: [react], defaultActiveAgent: 'react' }).compile(), { parts: { react: 'Help.' } }); // 34
gepa(
  createDeepAgent({
    model,
    systemPrompt: 'Plan.',
    subagents: [{ name: 'critic', description: 'Criticizes.', systemPrompt: 'Criticize.' }],
  }),
  {
    parts: { critic: 'Criticize.' },
  },
); // 35

await gepa(agent).compile({
  ...settings,
  trainset: [{ input: { messages: [new HumanMessage('x')] } }],
  metric: () => 1,
});
