import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { MockMemory } from '@mastra/core/memory';
import { MessageHistory } from '@mastra/core/processors';
import { RequestContext } from '@mastra/core/request-context';
import { InMemoryStore } from '@mastra/core/storage';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

// The router of a network picks its agent, then says that the task is complete. Other agents repeat their instructions.
const server = useOpenAIServer((request) => {
  const system = systemOf(request);
  if (!system.includes('You are a router')) return `answer of ${system}`;
  const isLast = JSON.stringify(request.response_format ?? '').includes('isComplete');
  return JSON.stringify(
    isLast
      ? {
          isComplete: true,
          completionReason: 'done',
          finalResult: `by ${/NEW/.test(system) ? 'new' : 'old'} texts`,
        }
      : { primitiveId: 'math', primitiveType: 'agent', prompt: 'add', selectionReason: 'It adds.' },
  );
});

const io = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};
const memory = { thread: 'customer-42', resource: 'ada' };

let storage: InMemoryStore;
beforeEach(() => {
  storage = new InMemoryStore();
});

/** The messages and threads in the user's storage. */
async function stored() {
  const store = await storage.getStore('memory');
  const { messages } = await store!.listMessages({ threadId: memory.thread, perPage: false });
  const { threads } = await store!.listThreads({ perPage: false });
  return [...messages, ...threads];
}

type Step = (agent: Agent) => ReturnType<typeof createStep>;

const stepThat = (call: (agent: Agent, prompt: string) => Promise<string>) => () =>
  createStep({
    id: 'call',
    ...io,
    execute: async ({ inputData, mastra }) => ({
      text: await call(mastra.getAgent('chat'), inputData.prompt),
    }),
  }) as never;

const contextOfThread = () => new RequestContext<unknown>([['mastra__threadId', memory.thread]]);

const steps: readonly (readonly [string, Step])[] = [
  ['generate', stepThat(async (agent, prompt) => (await agent.generate(prompt, { memory })).text)],
  ['stream', stepThat(async (agent, prompt) => (await agent.stream(prompt, { memory })).text)],
  ['createStep(agent)', (agent) => createStep(agent, { memory } as never) as never],
  [
    'a thread in the request context',
    stepThat(
      async (agent, prompt) =>
        (
          await agent.generate(prompt, {
            requestContext: contextOfThread(),
            memory: { resource: 'ada' } as never,
          })
        ).text,
    ),
  ],
];

// Older versions of Mastra store messages only for agents with a memory.
it.runIf('__getOverridableFields' in Agent.prototype).each(steps)(
  'rollouts neither read nor write the memory that processors of the user reach: %s',
  async (_, step) => {
    const store = await storage.getStore('memory');
    const history = new MessageHistory({ storage: store!, lastMessages: 10 });
    const chat = new Agent({
      id: 'chat',
      name: 'Chat',
      instructions: 'Chat.',
      model: server.model,
      inputProcessors: [history],
      outputProcessors: [history],
    });
    const workflow = createWorkflow({ id: 'flow', ...io })
      .then(step(chat) as never)
      .commit();
    const mastra = new Mastra({ agents: { chat }, workflows: { workflow }, storage, logger: false });
    const before = server.requests.length;
    const { program } = await gepa(workflow, { parts: mastra }).compile({
      trainset: ['a', 'b', 'c'].map((prompt) => ({ id: prompt, input: { prompt } })),
      metric: () => 0.5,
      propose: async () => ({ 'chat.instructions': 'NEW' }),
      maxIterations: 1,
    });
    expect(await stored()).toEqual([]);
    const lengths = server.requests.slice(before).map(({ messages }) => messages.length);
    expect(Math.max(...lengths)).toBe(2);
    // The compiled program has it.
    const run = await program.createRun();
    expect((await run.start({ inputData: { prompt: 'x' } })).status).toBe('success');
    expect((await stored()).length).toBeGreaterThan(0);
  },
);

it('a function that creates a thread in the memory of a part writes nothing to the storage of the user', async () => {
  const chat = new Agent({
    id: 'chat',
    name: 'Chat',
    instructions: 'Chat.',
    model: server.model,
    memory: new MockMemory({ storage }),
  });
  const step = stepThat(async (agent, prompt) => {
    const own = await agent.getMemory();
    await own!.createThread({ threadId: memory.thread, resourceId: memory.resource });
    return (await agent.generate(prompt, { memory })).text;
  });
  const workflow = createWorkflow({ id: 'flow', ...io })
    .then(step() as never)
    .commit();
  const mastra = new Mastra({ agents: { chat }, workflows: { workflow }, storage, logger: false });
  const { result, program } = await gepa(workflow, { parts: mastra }).compile({
    trainset: [{ input: { prompt: 'x' } }],
    metric: ({ output }) => (output.text.includes('NEW') ? 1 : 0),
    propose: async () => ({ 'chat.instructions': 'NEW' }),
    maxIterations: 1,
  });
  expect(result.bestScore).toBe(1);
  expect(await stored()).toEqual([]);
  expect(await (await program.createRun()).start({ inputData: { prompt: 'x' } })).toMatchObject({
    result: { text: 'answer of NEW' },
  });
  expect((await stored()).length).toBeGreaterThan(0);
});

class TopicMemory extends MockMemory {
  async topics(): Promise<string[]> {
    const { threads } = await this.listThreads({ perPage: false });
    return threads.map(({ id }) => id);
  }
}

it('the memory of a part keeps its class in rollouts, and agents that share it share the empty one', async () => {
  const shared = new TopicMemory({ storage });
  await shared.createThread({ threadId: 'earlier', resourceId: 'ada' });
  const config = { instructions: 'Chat.', model: server.model, memory: shared };
  const agents = {
    chat: new Agent({ id: 'chat', name: 'Chat', ...config }),
    other: new Agent({ id: 'other', name: 'Other', ...config }),
  };
  const step = createStep({
    id: 'call',
    ...io,
    execute: async ({ mastra }) => {
      const memoryOf = async (name: string) => (await mastra.getAgent(name).getMemory()) as TopicMemory;
      await (await memoryOf('chat')).createThread({ threadId: 'new', resourceId: 'ada' });
      await mastra.getAgent('chat').generate('x');
      return { text: (await (await memoryOf('other')).topics()).join() };
    },
  });
  const workflow = createWorkflow({ id: 'flow', ...io })
    .then(step)
    .commit();
  const mastra = new Mastra({ agents, workflows: { workflow }, storage, logger: false });
  const report = await gepa(workflow, { parts: mastra }).evaluate({
    examples: [{ input: { prompt: 'x' } }, { input: { prompt: 'y' } }],
    metric: ({ output }) => (output.text === 'new' ? 1 : 0),
  });
  expect(report.candidates.seed.mean).toBe(1);
  expect(await shared.topics()).toEqual(['earlier']);
});

it.each([[false], [true]])(
  'agent.network() in a step runs in rollouts, with a memory of its own; with memory processors: %s',
  async (hasProcessors) => {
    const store = await storage.getStore('memory');
    const history = new MessageHistory({ storage: store!, lastMessages: 10 });
    const math = new Agent({
      id: 'math',
      name: 'Math',
      description: 'Does math.',
      instructions: 'Math.',
      model: server.model,
    });
    const chat = new Agent({
      id: 'chat',
      name: 'Chat',
      instructions: 'Delegate.',
      model: server.model,
      agents: { math },
      memory: new MockMemory({ storage }),
      ...(hasProcessors ? { inputProcessors: [history], outputProcessors: [history] } : {}),
    });
    const step = stepThat(async (agent, prompt) => {
      const stream = await agent.network(prompt, { memory, maxSteps: 2 });
      let text = '';
      const chunks = stream as unknown as AsyncIterable<{ type: string; payload?: { result?: unknown } }>;
      for await (const { type, payload } of chunks)
        if (type.startsWith('network-execution-event-')) text = String(payload?.result);
      return text;
    });
    const workflow = createWorkflow({ id: 'flow', ...io })
      .then(step() as never)
      .commit();
    const mastra = new Mastra({ agents: { chat, math }, workflows: { workflow }, storage, logger: false });
    const outputs = new Set<string>();
    const { result } = await gepa(workflow, { parts: mastra }).compile({
      trainset: [{ input: { prompt: 'x' } }],
      metric: ({ output }) => {
        outputs.add(output.text);
        return output.text.includes('new') ? 1 : 0;
      },
      propose: async () => ({ 'chat.instructions': 'NEW' }),
      maxIterations: 1,
    });
    expect([...outputs]).toEqual(['by old texts', 'by new texts']);
    expect(result.bestScore).toBe(1);
    expect(await stored()).toEqual([]);
  },
);

it("an agent with memory runs in rollouts where the request context has Mastra's keys of a thread", async () => {
  const agent = new Agent({
    id: 'chat',
    name: 'Chat',
    instructions: 'Be kind.',
    model: server.model,
    memory: new MockMemory({ storage }),
  });
  const requestContext = { mastra__threadId: memory.thread, mastra__resourceId: memory.resource };
  const report = await gepa(agent, { requestContext }).evaluate({
    examples: [{ input: 'x' }],
    metric: ({ output }) => (output.text === 'answer of Be kind.' ? 1 : 0),
  });
  expect(report.candidates.seed.mean).toBe(1);
  expect(await stored()).toEqual([]);
});

const state = { id: 'state', stateId: 'state', computeStateSignal: async () => undefined };

// Mastra has goals and state signals since a later version.
it.runIf('__getGoalConfig' in Agent.prototype).each([
  ['a goal', () => ({ goal: { judge: server.model } })],
  ['a processor with a state', () => ({ inputProcessors: [state] })],
])('an agent with memory and %s runs in rollouts, as without a thread', async (_, config: () => object) => {
  const agent = new Agent({
    id: 'chat',
    name: 'Chat',
    instructions: 'Be kind.',
    model: server.model,
    memory: new MockMemory({ storage }),
    ...config(),
  });
  new Mastra({ agents: { agent }, storage, logger: false });
  expect((await agent.generate('x')).text).toBe('answer of Be kind.');
  const report = await gepa(agent).evaluate({
    examples: [{ input: 'x' }],
    metric: ({ output }) => (output.text === 'answer of Be kind.' ? 1 : 0),
  });
  expect(report.candidates.seed.mean).toBe(1);
});
