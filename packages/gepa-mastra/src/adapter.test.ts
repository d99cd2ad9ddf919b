import { createScorer } from '@mastra/core/evals';
import { MockMemory } from '@mastra/core/memory';
import { RequestContext } from '@mastra/core/request-context';
import { createTool } from '@mastra/core/tools';
import { walkSteps } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AgentConfig,
  proposePolite,
  search,
  supportAgent,
  useEchoServer,
} from './fixtures/echo-agent.ts';
import { gepa } from './gepa.ts';
import type { AgentOutput } from './run-program.ts';
import { startOpenAIServer } from './testing/openai-server.ts';

const server = useEchoServer();

const agentWith = (config?: AgentConfig) => supportAgent(server.model, config);

it('each rollout gets a new request context with the values of the option and of the example', async () => {
  const agent = agentWith({
    instructions: ({ requestContext }) => {
      const text = `Serve ${requestContext.get('tier') ?? 'all'}, ${requestContext.get('seen') ?? 'new'}.`;
      requestContext.set('seen', 'old');
      return text;
    },
    tools: {},
  });
  const shared = new RequestContext([['tier', 'gold']]);
  const outputs: string[] = [];
  await gepa(agent, { requestContext: { tier: 'all' } }).compile({
    ...search,
    trainset: [
      { id: 'a', input: 'x', requestContext: shared },
      { id: 'b', input: 'x' },
      { id: 'c', input: 'x', requestContext: { tier: 'silver' } },
    ],
    valset: [
      { id: 'a', input: 'x', requestContext: shared },
      { id: 'b', input: 'x' },
    ],
    metric: ({ output }) => {
      outputs.push(output.text);
      return 0;
    },
    propose: async () => ({}),
  });
  expect([...new Set(outputs)].sort()).toEqual([
    'Serve all, new. / x',
    'Serve gold, new. / x',
    'Serve silver, new. / x',
  ]);
  expect(shared.get('seen')).toBeUndefined();
});

it('plain data in the request context is copied for each rollout, and class instances are shared', async () => {
  class Owner {}
  const owner = new Owner();
  const cart: Record<string, unknown> & { items: string[] } = { items: [], owner };
  cart.self = cart;
  const seen: unknown[] = [];
  const agent = agentWith({
    inputProcessors: [
      {
        id: 'shop',
        processInput: ({ messages, requestContext }) => {
          const own = requestContext?.get('cart') as typeof cart;
          own.items.push('one');
          seen.push([own.items.length, own.owner === owner, own.self === own]);
          return messages;
        },
      },
    ],
  });
  await gepa(agent, { requestContext: { cart } }).compile({ ...search, propose: proposePolite });
  expect(seen.length).toBeGreaterThan(1);
  expect(seen).toEqual(seen.map(() => [1, true, true]));
  expect(cart.items).toEqual([]);
});

it('a rollout neither reads nor writes memory and calls no live scorers', async () => {
  const memory = new MockMemory();
  let scored = 0;
  const scorer = createScorer({ id: 'live', description: 'live' }).generateScore(() => {
    scored++;
    return 1;
  });
  const expert = agentWith({ id: 'expert', instructions: 'Be exact.', memory });
  const agent = agentWith({
    memory,
    agents: { expert },
    scorers: { live: { scorer, sampling: { type: 'ratio', rate: 1 } } },
    defaultOptions: { memory: { thread: 'shared', resource: 'user' } },
  });
  await agent.generate('remember me');
  const threads = async () =>
    (await memory.listThreads({ filter: { resourceId: 'user' }, perPage: false })).threads;
  const messages = async () =>
    (await memory.recall({ threadId: 'shared', resourceId: 'user' })).messages.length;
  const before = [(await threads()).length, await messages()];
  const seen: string[] = [];
  await gepa(agent).compile({
    ...search,
    maxIterations: 1,
    metric: ({ trace }) => {
      seen.push(JSON.stringify(trace));
      return 0;
    },
    propose: async () => ({}),
  });
  expect([(await threads()).length, await messages()]).toEqual(before);
  expect(seen.join()).not.toContain('remember me');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(scored).toBeLessThanOrEqual(1);
});

it('a rollout does not write to the memory of sub-agents', async () => {
  const delegating = await startOpenAIServer(({ messages, tools = [] }) =>
    tools.length > 0 && !messages.some(({ role }) => role === 'tool')
      ? { calls: [{ name: 'agent-expert', args: { prompt: 'sub-question' } }] }
      : 'done',
  );
  const memory = new MockMemory();
  const { model } = delegating;
  const expert = agentWith({ id: 'expert', instructions: 'Be exact.', model, memory });
  const agent = agentWith({ model, memory, agents: { expert } });
  await gepa(agent).compile({ ...search, metric: () => 0, maxIterations: 1, propose: async () => ({}) });
  expect((await memory.listThreads({ perPage: false })).threads).toEqual([]);
  // Outside a rollout, Mastra writes to it after each delegation.
  await agent.generate('x', { memory: { thread: 't', resource: 'r' } });
  expect((await memory.listThreads({ perPage: false })).threads).not.toEqual([]);
  await delegating.close();
});

it('rollouts use the default options and input processors of the agent', async () => {
  const agent = agentWith({
    inputProcessors: [
      {
        id: 'shout',
        processInput: ({ messages }) => {
          for (const { content } of messages) {
            for (const part of content.parts) if (part.type === 'text') part.text = part.text.toUpperCase();
          }
          return messages;
        },
      },
    ],
    defaultOptions: { modelSettings: { temperature: 0.25 } },
  });
  await gepa(agent).compile({ ...search, maxIterations: 1, propose: async () => ({}) });
  expect(server.requests.at(-1)).toMatchObject({ temperature: 0.25 });
  expect(server.requests.at(-1)?.messages.at(-1)?.content).toMatch(/^(ONE|TWO|THREE)$/);
});

it.each([
  ['the default options', { defaultOptions: { maxSteps: 2 } }, {}, 2],
  [
    'the option config, which overrides default options',
    { defaultOptions: { maxSteps: 2 } },
    { maxSteps: 3 },
    3,
  ],
])(
  'an agent in a rollout stops after the maxSteps of %s, and is scored with finishReason tool-calls',
  async (_, options, config, steps) => {
    const looking = await startOpenAIServer(() => ({ calls: [{ name: 'look', args: {} }] }));
    const look = createTool({
      id: 'look',
      description: 'Looks again.',
      inputSchema: z.object({}),
      execute: async () => 'nothing yet',
    });
    const outputs: AgentOutput[] = [];
    const kinds: string[][] = [];
    const { result } = await gepa(agentWith({ ...options, model: looking.model, tools: { look } }), {
      config,
    }).compile({
      ...search,
      trainset: [{ input: 'x' }],
      valset: [{ input: 'x' }],
      maxIterations: 1,
      metric: ({ output, trace = [] }) => {
        outputs.push(output);
        kinds.push((trace[0]?.children ?? []).map(({ kind }) => kind));
        return 0;
      },
      propose: async () => ({}),
    });
    await looking.close();
    expect(looking.requests).toHaveLength(steps * result.totalMetricCalls);
    expect(outputs[0]).toEqual({ text: '', finishReason: 'tool-calls' });
    expect(kinds[0]).toEqual(Array.from({ length: steps }, () => ['model', 'tool']).flat());
  },
);

it.each([
  ['the option config', false],
  ['the default options', true],
])(
  'calls of the structured output model in %s are counted and are steps of the trace',
  async (_, isDefault) => {
    const structuring = await startOpenAIServer(() => '{"mood":"calm"}');
    const structuredOutput = { schema: z.object({ mood: z.string() }), model: structuring.model };
    const agent = agentWith(isDefault ? { defaultOptions: { structuredOutput } as object } : {});
    const rollouts: unknown[] = [];
    const { result } = await gepa(agent, isDefault ? {} : { config: { structuredOutput } }).compile({
      ...search,
      maxIterations: 1,
      metric: ({ output, trace = [] }) => {
        const calls = [...walkSteps(trace)].filter(({ kind }) => kind === 'model');
        rollouts.push({ object: output.object, components: calls.map(({ components = [] }) => components) });
        return 0;
      },
      propose: async () => ({}),
    });
    await structuring.close();
    expect(rollouts[0]).toEqual({ object: { mood: 'calm' }, components: [['support.instructions'], []] });
    expect(structuring.requests).toHaveLength(result.totalMetricCalls);
    expect(result.usage.modelCalls).toBe(2 * result.totalMetricCalls);
  },
);

it('structured output from a model in the option config is the object of the output', async () => {
  const answering = await startOpenAIServer(() => '{"mood":"calm"}');
  const moods: unknown[] = [];
  const models: unknown[] = [];
  await gepa(agentWith(), {
    config: { model: answering.model, structuredOutput: { schema: z.object({ mood: z.string() }) } },
  }).compile({
    ...search,
    maxIterations: 1,
    metric: ({ output, trace = [] }) => {
      moods.push(output.object);
      models.push(...[...walkSteps(trace)].filter(({ kind }) => kind === 'model'));
      return 0;
    },
    propose: async () => ({}),
  });
  await answering.close();
  expect(moods[0]).toEqual({ mood: 'calm' });
  expect(models[0]).toMatchObject({ components: ['support.instructions'], usage: { modelCalls: 1 } });
});
