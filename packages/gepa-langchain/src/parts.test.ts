import { type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate, PromptTemplate } from '@langchain/core/prompts';
import { RunnableBranch, RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import type { StreamEvent } from '@langchain/core/tracers/log_stream';
import { Annotation, END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { createSupervisor } from '@langchain/langgraph-supervisor';
import { createSwarm } from '@langchain/langgraph-swarm';
import type { ChatOpenAI } from '@langchain/openai';
import { createDeepAgent } from 'deepagents';
import { createAgent } from 'langchain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { load } from './load.ts';
import type { GepaOptions } from './options.ts';
import { type ChatRequest, type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
/** Calls the first tool once when the system prompt asks for it; otherwise answers with the system prompt. */
beforeAll(async () => {
  server = await startOpenAIServer(({ messages, tools }: ChatRequest) => {
    const system = JSON.stringify(
      messages.filter(({ role }) => role === 'system').map(({ content }) => content),
    );
    const call = /CALL (\w+)/.exec(system)?.[1];
    const isDone = messages.some(({ role }) => role === 'tool');
    if (call !== undefined && !isDone && tools !== undefined) {
      return { calls: [{ name: call, args: { question: 'q', description: 'd', subagent_type: 'critic' } }] };
    }
    return isDone && call !== undefined
      ? JSON.stringify(messages.filter(({ role }) => role === 'tool').at(-1)?.content)
      : system;
  });
});
afterAll(() => server.close());

const State = Annotation.Root({ question: Annotation<string>, answer: Annotation<string> });

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** A graph whose one node is a function. */
const graphOf = (answer: (question: string) => Promise<string>) =>
  new StateGraph(State)
    .addNode('reply', async ({ question }) => ({ answer: await answer(question) }))
    .addEdge(START, 'reply')
    .addEdge('reply', END)
    .compile();

/** Runs the program with the given text in every component, within rollouts, and returns what the last text did. */
async function rollOut(
  program: Parameters<typeof gepa>[0],
  options: GepaOptions,
  input: object,
  text: string,
): Promise<{ outputs: string[]; best: string; warnings: readonly string[]; traces: string[] }> {
  const outputs: string[] = [];
  const traces: string[] = [];
  const target = gepa(program as never, options);
  const compiled = await target.compile({
    trainset: [{ input: input as never }],
    metric: ({ output, trace }) => {
      outputs.push(JSON.stringify(output));
      traces.push(JSON.stringify(trace));
      return { score: /Brand new|NEW/.test(JSON.stringify(output)) ? 1 : 0, feedback: 'Say the new text.' };
    },
    reflectionModel: async ({ prompt }) => {
      traces.push(prompt);
      return `\`\`\`\n${text}\n\`\`\``;
    },
    maxIterations: 1,
    componentSelector: 'all',
  });
  const best = JSON.stringify(
    await (compiled.program as { invoke(input: object): Promise<unknown> }).invoke(input),
  );
  target.dispose();
  return { outputs, best, warnings: compiled.result.warnings, traces };
}

const isOriginal = async (program: { invoke(input: never): Promise<unknown> }, input: object, text: string) =>
  expect(JSON.stringify(await program.invoke(input as never))).not.toContain(text);

const question = { question: 'Why?' };
const messages = { messages: [{ role: 'user', content: 'Why?' }] };
const NEW = 'Brand new {"json": 1} instructions.';
const chat = (system: string) =>
  ChatPromptTemplate.fromMessages([
    ['system', system],
    ['human', '{question}'],
  ]);

describe('prompts in closures', () => {
  it('a prompt that a node pipes into a model has the candidate’s text in the rollout and in the compiled program', async () => {
    const answerPrompt = chat('Old instructions.');
    const program = graphOf(async (question) =>
      answerPrompt.pipe(server.model()).pipe(new StringOutputParser()).invoke({ question }),
    );
    const before = JSON.stringify(answerPrompt);
    const names = Object.getOwnPropertyNames(answerPrompt);
    const { outputs, best } = await rollOut(program, { parts: { answerPrompt } }, question, 'NEW {"a": 1}');
    expect(outputs[0]).toContain('Old instructions.');
    expect(outputs.at(-1)).toContain('NEW {\\\\\\"a\\\\\\": 1}');
    expect(best).toContain('NEW');
    await isOriginal(program, question, 'NEW');
    expect(JSON.stringify(answerPrompt)).toBe(before);
    expect(Object.getOwnPropertyNames(answerPrompt)).toEqual(names);
  });

  it.each<[string, (prompt: ChatPromptTemplate) => (question: string) => Promise<string>]>([
    [
      'formatMessages',
      (prompt) => async (question) => JSON.stringify(await prompt.formatMessages({ question })),
    ],
    [
      'formatPromptValue',
      (prompt) => async (question) => (await prompt.formatPromptValue({ question })).toString(),
    ],
    ['format', (prompt) => (question) => prompt.format({ question })],
    ['invoke', (prompt) => async (question) => (await prompt.invoke({ question })).toString()],
    ['batch', (prompt) => async (question) => String(await prompt.batch([{ question }]))],
    [
      'stream',
      (prompt) => async (question) => {
        const parts: string[] = [];
        for await (const part of await prompt.pipe(server.model()).stream({ question }))
          parts.push(part.text);
        return parts.join('');
      },
    ],
    [
      'streamEvents',
      (prompt) => async (question) => {
        const parts: string[] = [];
        for await (const event of prompt.streamEvents({ question }, { version: 'v2' })) {
          parts.push(JSON.stringify(event));
        }
        return parts.join('');
      },
    ],
    ['partial', (prompt) => async (question) => (await prompt.partial({})).format({ question })],
    [
      'a chain made before',
      (prompt) => {
        const chain = prompt.pipe(server.model());
        return async (question) => (await chain.invoke({ question })).text;
      },
    ],
  ])('%s of a named prompt uses the candidate’s text', async (_name, answerWith) => {
    const answerPrompt = chat('Old instructions.');
    const program = graphOf(answerWith(answerPrompt));
    const { outputs, best } = await rollOut(program, { parts: { answerPrompt } }, question, NEW);
    expect(outputs[0]).toContain('Old instructions.');
    expect(outputs.at(-1)).toContain('Brand new');
    expect(best).toContain('Brand new');
    await isOriginal(program, question, 'Brand new');
  });

  it('a chain that a rollout makes and keeps has no candidate’s text afterwards', async () => {
    const answerPrompt = chat('Old instructions.');
    let kept: { invoke(input: object): Promise<string> } | undefined;
    const program = graphOf(async (question) => {
      kept ??= answerPrompt.pipe(server.model()).pipe(new StringOutputParser());
      return kept.invoke({ question });
    });
    const { outputs } = await rollOut(program, { parts: { answerPrompt } }, question, NEW);
    expect(outputs.at(-1)).toContain('Brand new');
    expect(await kept!.invoke(question)).toContain('Old instructions.');
  });

  it('a single text is named like its part, several by their place in it', () => {
    const parts = {
      plain: PromptTemplate.fromTemplate('Answer {question}'),
      note: new SystemMessage('Be kind to the reader.'),
      answer: chat('Answer.'),
      musicAgent: createAgent({ model: server.model(), tools: [], systemPrompt: 'Know music.' }),
    };
    const target = gepa(
      RunnableLambda.from((text: string) => text),
      { parts },
    );
    expect(Object.keys(target.components)).toEqual(['plain', 'note', 'answer.system', 'musicAgent.system']);
    expect(target.components['musicAgent.system']!.location).toBe('part "musicAgent" › system prompt');
  });

  it('concurrent rollouts with other candidates keep their texts apart', async () => {
    const answerPrompt = chat('Old.');
    const program = graphOf(async (question) => {
      await new Promise((resolve) => setTimeout(resolve, Number(question)));
      return (await answerPrompt.formatMessages({ question }))[0]!.text;
    });
    const target = gepa(program, { parts: { answerPrompt } });
    const outputs = await Promise.all(
      ['a', 'b', 'c', 'd'].map((text, i) =>
        target.apply({ 'answerPrompt.system': text }).invoke({ question: String(10 - 3 * i) }),
      ),
    );
    expect(outputs.map(({ answer }) => answer)).toEqual(['a', 'b', 'c', 'd']);
    expect((await answerPrompt.formatMessages({ question: '' }))[0]!.text).toBe('Old.');
    target.dispose();
  });

  it('compiling again starts from the texts that were compiled into the parts', async () => {
    const answerPrompt = chat('Old.');
    const program = graphOf(async (question) => (await answerPrompt.formatMessages({ question }))[0]!.text);
    const options = { parts: { answerPrompt } };
    const compiled = gepa(program, options).apply({ 'answerPrompt.system': 'Second.' });
    const again = gepa(compiled, options);
    expect(again.components['answerPrompt.system']!.text).toBe('Second.');
    expect((await again.apply({ 'answerPrompt.system': 'Third.' }).invoke(question)).answer).toBe('Third.');
    expect((await compiled.invoke(question)).answer).toBe('Second.');
  });

  it('a part that no rollout calls is reported, and left out of the search', async () => {
    const [answerPrompt, otherPrompt] = [chat('Old.'), chat('Not used.')];
    const program = graphOf(async (question) => (await answerPrompt.formatMessages({ question }))[0]!.text);
    const { warnings } = await rollOut(program, { parts: { answerPrompt, otherPrompt } }, question, NEW);
    expect(warnings.join()).toContain('No rollout of the seed candidate read otherPrompt.system');
  });

  it('of a part with several texts, those that no rollout reads are left out', async () => {
    const answer = (system: string) => chat(system).pipe(({ messages }) => messages[0]!.text);
    const router = RunnableBranch.from([
      [({ question: asked }: { question: string }) => asked === 'never', answer('Old branch.')],
      answer('Old default.'),
    ]);
    const program = graphOf((asked) => router.invoke({ question: asked }) as Promise<string>);
    const texts = ['router.branch1.system', 'router.default.system'];
    const options = { parts: { router: router as object }, include: texts };
    const { best, warnings } = await rollOut(program, options, question, NEW);
    expect(best).toContain('Brand new');
    expect(warnings.join()).toContain('read router.branch1.system:');
  });

  it('every text of a part that a rollout uses counts as read', async () => {
    const prompt = ChatPromptTemplate.fromMessages([
      new SystemMessage('Old message.'),
      ['system', 'Old instructions {rules}'],
      ['human', 'Please answer this: {question}'],
    ]).partial({ rules: 'Keep to the old rules of the house.' });
    const used = await prompt;
    const expert = createAgent({
      model: server.model(),
      tools: [],
      systemPrompt: new SystemMessage('Old expert.'),
    });
    const program = graphOf(async (asked) => {
      await expert.invoke({ messages: [new HumanMessage(asked)] });
      return (await used.pipe(server.model()).invoke({ question: asked })).text;
    });
    const { warnings } = await rollOut(program, { parts: { used, expert } }, question, '{question} {rules}');
    expect(warnings.join()).not.toContain('No rollout');
  });

  it('a part without a text is refused with its reason', () => {
    expect(() => gepa(chat('x'), { parts: { nothing: RunnableLambda.from((x: string) => x) } })).toThrow(
      '`parts.nothing` has no text to optimize. RunnableLambda: it is code',
    );
    expect(() => gepa(chat('x'), { parts: [chat('y')] as never })).toThrow(
      'The option "parts" must be an object of parts',
    );
  });
});

it('an agent of createReactAgent as a part is refused with the line to write', () => {
  const musicAgent = createReactAgent({ llm: server.model(), tools: [], prompt: 'Know music.' });
  expect(() => gepa(chat('x'), { parts: { musicAgent } })).toThrow(
    '`parts.musicAgent` is an agent of createReactAgent, which hides its prompt in a function. Name the prompt instead: parts: { musicAgent: PROMPT }',
  );
});

it('a frozen part is refused before anything is spent', async () => {
  const answerPrompt = Object.freeze(chat('Old.'));
  const program = graphOf(async (asked) => answerPrompt.format({ question: asked }));
  await expect(rollOut(program, { parts: { answerPrompt } }, question, NEW)).rejects.toThrow(
    '`parts.answerPrompt` is frozen or sealed, so it cannot have other texts.',
  );
});

const asTool = (agent: { invoke(input: never): Promise<unknown> }) =>
  tool(
    async ({ question }: { question: string }) =>
      JSON.stringify(await agent.invoke({ messages: [new HumanMessage(question)] } as never)),
    { name: 'ask', description: 'Asks the expert.', schema: z.object({ question: z.string() }) },
  );

describe('agents', () => {
  const musicAgent = () =>
    createAgent({ model: server.model(), tools: [], systemPrompt: 'Old music.', name: 'music' });

  it('an agent that a tool of another agent calls', async () => {
    const expert = musicAgent();
    const boss = createAgent({ model: server.model(), tools: [asTool(expert)], systemPrompt: 'CALL ask' });
    const options = { parts: { expert }, include: ['expert.*'] };
    const { outputs, best, traces } = await rollOut(boss, options, messages, NEW);
    expect(outputs[0]).toContain('Old music.');
    expect(outputs.at(-1)).toContain('Brand new');
    expect(best).toContain('Brand new');
    expect(traces.join()).toContain('"components":["expert.system"]');
    await isOriginal(boss, messages, 'Brand new');
  });

  it('an agent whose graph is a node, in the graph and in a function', async () => {
    const expert = musicAgent();
    const asNode = new StateGraph(MessagesAnnotation)
      .addNode('music', expert.graph as never)
      .addEdge(START, 'music' as never)
      .compile();
    const inFunction = new StateGraph(MessagesAnnotation)
      .addNode('music', async (state) => ({ messages: (await expert.graph.invoke(state as never)).messages }))
      .addEdge(START, 'music')
      .compile();
    for (const program of [asNode, inFunction]) {
      const { outputs, best, warnings } = await rollOut(program, { parts: { expert } }, messages, NEW);
      expect(outputs[0]).toContain('Old music.');
      expect(outputs.at(-1)).toContain('Brand new');
      expect(best).toContain('Brand new');
      expect(warnings.join()).not.toContain('read');
      await isOriginal(program, messages, 'Brand new');
    }
  });

  it('the agents of a supervisor and of a swarm', async () => {
    const expert = musicAgent();
    const supervisor = createSupervisor({
      agents: [expert.graph as never],
      llm: server.model(),
      prompt: 'CALL transfer_to_music',
    }).compile();
    const swarm = createSwarm({ agents: [expert.graph as never], defaultActiveAgent: 'music' }).compile();
    for (const program of [supervisor, swarm]) {
      const { outputs, best } = await rollOut(program, { parts: { expert } }, messages, NEW);
      expect(outputs[0]).toContain('Old music.');
      expect(outputs.at(-1)).toContain('Brand new');
      expect(best).toContain('Brand new');
      await isOriginal(program, messages, 'Brand new');
    }
  });

  it.each<[string, (text: string) => SystemMessage | ChatPromptTemplate]>([
    ['message', (text) => new SystemMessage(text)],
    [
      'template',
      (text) =>
        ChatPromptTemplate.fromMessages([
          ['system', text],
          ['placeholder', '{messages}'],
        ]),
    ],
  ])('the prompt of createReactAgent as a %s', async (_name, promptOf) => {
    const prompt = promptOf('Old music.');
    const program = createReactAgent({ llm: server.model(), tools: [], prompt });
    const { outputs, best, traces } = await rollOut(program, { parts: { prompt } }, messages, 'Brand new.');
    expect(outputs[0]).toContain('Old music.');
    expect(outputs.at(-1)).toContain('Brand new');
    expect(best).toContain('Brand new');
    expect(traces.join()).toMatch(/"components":\["prompt(\.system)?"\]/);
    await isOriginal(program, messages, 'Brand new');
  });

  it('the prompt of createReactAgent as a string, in the compiled program and while streaming too', async () => {
    const program = createReactAgent({ llm: server.model(), tools: [], prompt: 'Old music.' });
    const options = { parts: { musicPrompt: 'Old music.' } };
    const { outputs, best, traces } = await rollOut(program, options, messages, NEW);
    expect(outputs[0]).toContain('Old music.');
    expect(outputs.at(-1)).toContain('Brand new');
    expect(best).toContain('Brand new');
    expect(traces.at(-1)).toContain('"components":["musicPrompt"]');
    expect(traces.at(-1)).not.toContain('Old music.');
    await isOriginal(program, messages, 'Brand new');
    const stream = await gepa(program, options)
      .apply({ musicPrompt: NEW })
      .stream(messages as never, { streamMode: 'messages' });
    const parts: unknown[] = [];
    for await (const part of stream) parts.push(part);
    expect(JSON.stringify(parts)).toContain('Brand new');
  });

  it('constants that functions send, whole and as a part of a message', async () => {
    const [RULES, STYLE] = ['Follow the old rules.', 'Write in old style.'];
    const program = graphOf(async (question) => {
      const first = await server
        .model()
        .invoke([{ role: 'system', content: RULES }, new HumanMessage(question)]);
      const second = await server.model().invoke([new SystemMessage(`${STYLE} Today is Monday.`)]);
      return `${first.text} ${second.text}`;
    });
    const parts = { rules: RULES, style: STYLE, unused: 'Never sent to any model.' };
    const target = gepa(program, { parts });
    expect(target.components.rules).toMatchObject({ kind: 'instructions', location: 'part "rules"' });
    const { answer } = await target.apply({ rules: 'A', style: 'B', unused: 'C' }).invoke(question);
    expect(answer).toBe('["A"] ["B Today is Monday."]');
    const { warnings } = await rollOut(program, { parts }, question, NEW);
    expect(warnings.join()).toContain('read unused:');
  });

  it('a constant beside an image is replaced in what the model receives', async () => {
    const RULES = 'Follow the old rules.';
    const image = { type: 'image', source_type: 'base64', mime_type: 'image/png', data: 'aGk=' };
    const program = graphOf(async () => {
      const content = [image, { type: 'text', text: RULES }];
      const received = await server.model().invoke([new SystemMessage({ content } as never)]);
      return received.text;
    });
    const target = gepa(program, { parts: { rules: RULES } });
    const { answer } = await target.apply({ rules: NEW }).invoke(question);
    expect(answer).toContain('Brand new');
    expect(answer).not.toContain('old rules');
  });

  it('a constant in a message that all calls share is replaced, and dispose leaves the message as it was', async () => {
    const RULES = 'Follow the old rules.';
    const shared = new SystemMessage(RULES);
    const parted = new SystemMessage({ content: [{ type: 'text', text: RULES }] });
    const program = graphOf(async () => (await server.model().invoke([shared, parted])).text);
    const before = JSON.stringify([shared, parted]);
    const target = gepa(program, { parts: { rules: RULES } });
    const compiled = target.apply({ rules: NEW });
    for (let i = 0; i < 2; i++) expect((await compiled.invoke(question)).answer).not.toContain('old rules');
    expect(JSON.stringify([shared, parted])).toBe(before);
    target.dispose();
    expect(Object.getOwnPropertyDescriptor(shared, 'content')).toHaveProperty('value', RULES);
    expect(Object.getOwnPropertyDescriptor(parted.content[0], 'text')).toHaveProperty('value', RULES);
    expect((await compiled.invoke(question)).answer).toContain('old rules');
    expect(Object.getOwnPropertyDescriptor(shared, 'content')).toHaveProperty('value', RULES);
    expect((await target.apply({ rules: NEW }).invoke(question)).answer).not.toContain('old rules');
    target.dispose();
  });

  it.each<[string, (call: ChatOpenAI, messages: BaseMessage[]) => Promise<{ text: string }>]>([
    ['invoke', (model, messages) => model.invoke(messages)],
    ['generate', async (model, messages) => (await model.generate([messages])).generations[0]![0]!],
    ['stream', async (model, messages) => (await collect(await model.stream(messages)))[0]!],
  ])('the callbacks and events of the user show the constants that %s of a model sends', async (_, call) => {
    const RULES = 'Follow the old rules.';
    const seen: string[] = [];
    const see = (messages: BaseMessage[][]) =>
      void seen.push(
        messages
          .flat()
          .map(({ text }) => text)
          .join(),
      );
    const handler = { handleChatModelStart: (_model: unknown, messages: BaseMessage[][]) => see(messages) };
    const shared = new SystemMessage(RULES);
    const parted = new HumanMessage({ content: [{ type: 'text', text: RULES }] });
    const own = { handleChatModelStart: handler.handleChatModelStart };
    const model = server.model({ callbacks: [own] });
    const program = graphOf(async () => (await call(model, [shared, new HumanMessage('q'), parted])).text);
    const target = gepa(program, { parts: { rules: RULES }, config: { callbacks: [handler] } });
    const { program: compiled, toJSON } = await target.compile({
      trainset: [{ input: question as never }],
      metric: ({ output }) => (JSON.stringify(output).includes('Brand new') ? 1 : 0),
      propose: async () => ({ rules: 'Brand new rules.' }),
      maxIterations: 1,
    });
    const [before, after] = [`${RULES},q,${RULES}`, 'Brand new rules.,q,Brand new rules.'];
    expect(new Set(seen)).toEqual(new Set([before, after]));
    for (const improved of [compiled, load(program, toJSON(), { parts: { rules: RULES } })]) {
      seen.length = 0;
      await improved.invoke(question as never, { callbacks: [handler] });
      await improved.batch([question as never], { callbacks: [handler] });
      await collect(await improved.stream(question as never, { callbacks: [handler] }));
      expect(seen).toEqual(Array(6).fill(after));
      const events = await collect<StreamEvent>(improved.streamEvents(question as never, { version: 'v2' }));
      const start = events.find(({ event }) => event === 'on_chat_model_start')!;
      expect(start.data.input.messages[0].map((message: BaseMessage) => message.text).join()).toBe(after);
      await RunnableLambda.from(async () => improved.invoke(question as never)).invoke('', {
        callbacks: [handler],
      });
      expect(seen.slice(-2)).toEqual([after, after]);
    }
    seen.length = 0;
    await program.invoke(question as never, { callbacks: [handler] });
    expect(seen).toEqual([before, before]);
    expect([shared.text, parted.text]).toEqual([RULES, RULES]);
  });

  it('callbacks show what is sent when a compiled program calls another one that sends the same constant', async () => {
    const RULES = 'Follow the old rules.';
    const parts = { rules: RULES };
    const send = graphOf(async () => (await server.model().invoke([new SystemMessage(RULES)])).text);
    const inner = gepa(send, { parts }).apply({ rules: `${RULES} Inner.` });
    const outer = gepa(
      RunnableLambda.from(async () => inner.invoke(question as never)),
      { parts },
    ).apply({ rules: `${RULES} Outer.` });
    const seen: string[] = [];
    const handleChatModelStart = (_: unknown, [messages]: BaseMessage[][]) =>
      void seen.push(messages![0]!.text);
    const { answer } = (await outer.invoke('', { callbacks: [{ handleChatModelStart }] })) as {
      answer: string;
    };
    expect([answer]).toEqual(seen.map((text) => JSON.stringify([text])));
  });

  it('a constant in a frozen message is not replaced, and so does not count as read', async () => {
    const RULES = 'Follow the old rules.';
    const frozen = Object.freeze(new SystemMessage(RULES));
    const program = graphOf(async () => (await server.model().invoke([frozen])).text);
    await expect(rollOut(program, { parts: { rules: RULES } }, question, NEW)).rejects.toThrow(
      'No rollout of the seed candidate read rules',
    );
  });

  it('the prompt of a sub-agent of deepagents as a string', async () => {
    const critic = { name: 'critic', description: 'Criticizes.', systemPrompt: 'Old criticism.' };
    const program = createDeepAgent({
      model: server.model(),
      systemPrompt: 'CALL task',
      subagents: [critic],
    });
    const parts = { critic: critic.systemPrompt };
    const { outputs, best } = await rollOut(program, { parts, include: ['critic'] }, messages, NEW);
    expect(outputs[0]).toContain('Old criticism.');
    expect(outputs.at(-1)).toContain('Brand new');
    expect(best).toContain('Brand new');
  });

  it('a sub-agent of deepagents that is given as a runnable', async () => {
    const critic = musicAgent();
    const program = createDeepAgent({
      model: server.model(),
      systemPrompt: 'CALL task',
      subagents: [{ name: 'critic', description: 'Criticizes.', runnable: critic }],
    });
    const options = { parts: { critic }, include: ['critic.*'] };
    const { outputs, best } = await rollOut(program, options, messages, NEW);
    expect(outputs[0]).toContain('Old music.');
    expect(outputs.at(-1)).toContain('Brand new');
    expect(best).toContain('Brand new');
    await isOriginal(program as never, messages, 'Brand new');
  });
});

it('dispose takes off the hooks of programs that load returned', async () => {
  const prompt = chat('Original words.');
  const graph = graphOf(async (asked) => (await prompt.invoke({ question: asked })).toString());
  const target = gepa(graph, { parts: { prompt } });
  const before = JSON.stringify(prompt);
  const texts = { 'prompt.system': 'Loaded words.' };
  const loaded = target.load({
    format: 'gepa-candidate',
    version: 1,
    texts,
    original: { 'prompt.system': 'Original words.' },
    scores: { validation: { seed: 0, best: 1 } },
  });
  expect(await loaded.invoke(question)).toMatchObject({ answer: expect.stringContaining('Loaded words.') });
  target.dispose();
  expect(await loaded.invoke(question)).toMatchObject({ answer: expect.stringContaining('Original words.') });
  expect(Object.getOwnPropertyDescriptor(prompt, 'promptMessages')).toHaveProperty('value');
  expect(JSON.stringify(prompt)).toBe(before);
});
