// @module-tag slow
import { Agent } from '@mastra/core/agent';
import * as llm from '@mastra/core/llm';
import { Mastra } from '@mastra/core/mastra';
import { MockMemory } from '@mastra/core/memory';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { search, useEchoServer } from './fixtures/echo-agent.ts';
import { gepa } from './gepa.ts';
import { startOpenAIServer, useOpenAIServer } from './testing/openai-server.ts';

const server = useEchoServer();
// Calls the first tool once, then answers with its result.
const toolServer = useOpenAIServer(({ messages, tools = [] }) => {
  const result = messages.findLast(({ role }) => role === 'tool');
  if (result !== undefined || tools.length === 0) return String(result?.content);
  return { calls: [{ name: tools[0]!.function.name, args: { prompt: 'x' } }] };
});

const idOf = (mastra: unknown) =>
  ((mastra as Mastra | undefined)?.getStorage() as { id?: string } | undefined)?.id;

/** An instance with a storage of its own, by whose id its parts recognize it. */
const instanceWith = (config: ConstructorParameters<typeof Mastra>[0]) =>
  new Mastra({ storage: new InMemoryStore({ id: 'production' }), logger: false, ...config });

it('instructions and tools of a registered copy get the instance in which it is registered', async ({
  skip,
}) => {
  const whoAmI = createTool({
    id: 'who',
    description: 'Who.',
    inputSchema: z.object({ prompt: z.string() }),
    execute: async (_, { mastra }: { mastra?: unknown }) => ({ instance: idOf(mastra) }),
  });
  const inner = new Agent({
    id: 'inner',
    name: 'Inner',
    description: 'Inner.',
    instructions: 'Ask.',
    model: toolServer.model,
    tools: { whoAmI },
  });
  const agent = new Agent({
    id: 'a',
    name: 'A',
    instructions: ({ mastra }) => ['Be kind.', `Instance ${idOf(mastra)}.`],
    model: toolServer.model,
    agents: { inner },
  });
  skip(agent.__fork === undefined, 'This version of Mastra cannot copy agents.');
  const program = gepa(agent).apply({
    'a.instructions.1': 'Be polite.',
    'a.instructions.2': 'Instance undefined.',
    'inner.instructions': 'Ask.',
  });
  const mastra = instanceWith({ agents: { program } });
  expect(await mastra.getAgent('program').getInstructions()).toEqual(['Be polite.', 'Instance production.']);
  expect((await mastra.getAgent('program').generate('x')).text).toContain('production');
});

it('a registered copy keeps its texts in copies of Studio, whose drafts replace them, and uses its memory', async ({
  skip,
}) => {
  const memory = new MockMemory();
  const agent = new Agent({ id: 'a', name: 'A', instructions: 'Be kind.', model: server.model, memory });
  skip(agent.__fork === undefined, 'This version of Mastra cannot copy agents.');
  const program = gepa(agent).apply({ 'a.instructions': 'Be polite.' });
  instanceWith({ agents: { program } });
  const fork = program.__fork();
  expect((await fork.generate('x')).text).toBe('Be polite. / x');
  fork.__updateInstructions('A draft.');
  expect((await fork.generate('x')).text).toBe('A draft. / x');
  await program.generate('x', { memory: { thread: 't', resource: 'r' } });
  expect(await memory.getThreadById({ threadId: 't' })).toMatchObject({ resourceId: 'r' });
});

it('a run of a registered workflow can be resumed with the texts of the candidate', async () => {
  const schema = z.object({ prompt: z.string() });
  const wait = createStep({
    id: 'wait',
    inputSchema: schema,
    outputSchema: schema,
    resumeSchema: z.object({}),
    execute: async ({ inputData, resumeData, suspend }) =>
      resumeData === undefined ? await suspend({}) : inputData,
  });
  const answer = new Agent({ id: 'a', name: 'A', instructions: 'Be kind.', model: server.model });
  const workflow = createWorkflow({
    id: 'w',
    inputSchema: schema,
    outputSchema: z.object({ text: z.string() }),
  })
    .then(wait)
    .then(createStep(answer))
    .commit();
  const program = gepa(workflow).apply({ 'a.instructions': 'Be polite.' });
  const mastra = instanceWith({ workflows: { program } });
  const run = await mastra.getWorkflow('program').createRun();
  expect((await run.start({ inputData: { prompt: 'x' } })).status).toBe('suspended');
  expect(await run.resume({ step: 'wait', resumeData: {} })).toMatchObject({
    result: { text: 'Be polite. / x' },
  });
});

/** An agent with a tool that needs approval, one that waits, and a sub-agent; with texts that each copy replaces. */
function original(model: Agent['model']) {
  const refund = createTool({
    id: 'refund',
    description: 'Refunds.',
    inputSchema: z.object({}),
    requireApproval: true,
    execute: async () => 'refunded',
  });
  return new Agent({ id: 'a', name: 'A', instructions: 'Be kind.', model, tools: { refund } });
}

const newTexts = { 'a.instructions': 'Be polite.', 'a.tools.refund.description': 'Pays back.' };

interface Suspended {
  readonly runId: string;
  readonly suspendPayload?: { readonly toolCallId: string };
}

it.each([
  'approveToolCallGenerate',
  'declineToolCallGenerate',
  'approveToolCall',
  'declineToolCall',
  'resumeGenerate',
  'resumeStream',
] as const)(
  '%s of a registered copy continues the run as that of the original, with the new texts',
  async (method) => {
    const agentServer = await startOpenAIServer(({ messages, tools = [] }) => {
      const answer = messages.findLast(({ role }) => role === 'tool')?.content;
      const { name = '', description = '' } = tools[0]?.function ?? {};
      if (answer === undefined) return { calls: [{ name, args: {} }] };
      return `${messages[0]?.content} ${description} ${answer}`;
    });
    try {
      const agent = original(agentServer.model);
      const outcome = async (program: Agent) => {
        instanceWith({ agents: { program } });
        const { runId, suspendPayload } = (await program.generate('x')) as Suspended;
        const call = (program as unknown as Record<string, unknown>)[method];
        if (typeof call !== 'function' || suspendPayload === undefined) return undefined;
        const options = { runId, toolCallId: suspendPayload.toolCallId };
        const result: { text: unknown } = await (method.startsWith('resume')
          ? call.call(program, { approved: true }, options)
          : call.call(program, options));
        return String(await result.text);
      };
      const copy = await outcome(gepa(agent, { tools: true }).apply(newTexts));
      const expected = (await outcome(agent))
        ?.replace('Be kind.', 'Be polite.')
        .replace('Refunds.', 'Pays back.');
      expect(copy).toBe(expected);
      if (method in agent) expect(copy).toContain('Be polite. Pays back.');
    } finally {
      await agentServer.close();
    }
  },
);

it('network of a registered copy routes by the new descriptions of its sub-agents', async ({ skip }) => {
  const routing: string[] = [];
  const router = await startOpenAIServer((request) => {
    const all = request.messages.map(({ content }) => JSON.stringify(content)).join(' ');
    if (all.includes('Available Agents')) routing.push(all);
    const isDone = routing.length % 2 === 0;
    return JSON.stringify({
      primitiveId: isDone ? '' : 'clerk',
      primitiveType: isDone ? 'none' : 'agent',
      prompt: 'x',
      selectionReason: 'It fits.',
      isComplete: true,
      completionReason: 'It is done.',
      finalResult: 'done',
    });
  });
  try {
    const { model } = router;
    const clerk = new Agent({ id: 'clerk', name: 'C', description: 'Pays.', instructions: 'Refund.', model });
    const memory = new MockMemory();
    const agent = new Agent({
      id: 'a',
      name: 'A',
      instructions: 'Be kind.',
      model,
      memory,
      agents: { clerk },
    });
    skip(!('network' in agent) || agent.__fork === undefined, 'This version of Mastra has no networks.');
    const program = gepa(agent, { tools: true }).apply({
      'a.instructions': 'Be polite.',
      'a.agents.clerk.description': 'Gives money back.',
      'clerk.instructions': 'Give it back.',
    });
    instanceWith({ agents: { program } });
    const stream = await program.network('x', { memory: { thread: 't', resource: 'r' }, maxSteps: 1 });
    for await (const _ of stream) {
      // The run goes on as it is read.
    }
    expect(routing[0]).toContain('Gives money back.');
    expect(routing[0]).toContain('Be polite.');
    expect(routing[0]).not.toContain('Pays.');
    const systems = router.requests.map((request) => JSON.stringify(request.messages[0]?.content));
    expect(systems.some((system) => system.includes('Give it back.'))).toBe(true);
  } finally {
    await router.close();
  }
});

it('a registered copy finds its model by the custom gateways of the instance', async ({ skip }) => {
  const { MastraModelGateway, ModelRouterLanguageModel } = llm as Partial<typeof llm>;
  if (MastraModelGateway === undefined || ModelRouterLanguageModel === undefined)
    return skip('This version of Mastra has no gateways.');
  class Gateway extends MastraModelGateway {
    readonly id = 'own';
    readonly name = 'own';
    async fetchProviders() {
      return {};
    }
    buildUrl() {
      return server.url;
    }
    async getApiKey() {
      return 'key';
    }
    async resolveLanguageModel() {
      return new ModelRouterLanguageModel!(server.model) as never;
    }
  }
  const model = 'own/provider/model' as never;
  const agent = new Agent({ id: 'a', name: 'A', instructions: 'Be kind.', model });
  const program = gepa(agent).apply({ 'a.instructions': 'Be polite.' });
  const outcome = async (registered: Agent) => {
    instanceWith({ agents: { registered }, gateways: { own: new Gateway() } });
    return (await registered.generate('x').catch((error: Error) => error)) as { text?: string };
  };
  const { text } = await outcome(program);
  skip((await outcome(agent)).text === undefined, 'This version of Mastra resolves no such model.');
  expect(text).toBe('Be polite. / x');
  const { result } = await gepa(agent).compile({
    ...search,
    propose: async () => ({ 'a.instructions': 'Be polite.' }),
  });
  expect(result.bestScore).toBe(1);
});

it('a copy of an agent logs to the logger of its instance, before it is registered itself', async ({
  skip,
}) => {
  const failing = await startOpenAIServer(() => ({ status: 400, error: 'no such parameter' }));
  const errors: string[] = [];
  const note = (message: string) => void errors.push(message);
  const logger = { debug() {}, info() {}, warn() {}, error: note, trackException() {} };
  const agent = new Agent({
    id: 'a',
    name: 'A',
    instructions: 'Be kind.',
    model: failing.model,
    maxRetries: 0,
  });
  instanceWith({ agents: { agent }, logger: logger as never });
  await agent.generate('x').catch(() => {});
  skip(errors.length === 0, 'This version of Mastra logs no errors of models.');
  errors.length = 0;
  const program = gepa(agent).apply({ 'a.instructions': 'Be polite.' });
  await program.generate('x').catch(() => {});
  expect(errors.length).toBeGreaterThan(0);
  await failing.close();
});
