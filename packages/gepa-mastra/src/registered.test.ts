import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { MockMemory } from '@mastra/core/memory';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startEchoServer } from './fixtures/echo-agent.ts';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
let toolServer: OpenAIServer;
beforeAll(async () => {
  server = await startEchoServer();
  // Calls the first tool once, then answers with its result.
  toolServer = await startOpenAIServer(({ messages, tools = [] }) => {
    const result = messages.findLast(({ role }) => role === 'tool');
    if (result !== undefined || tools.length === 0) return String(result?.content);
    return { calls: [{ name: tools[0]!.function.name, args: { prompt: 'x' } }] };
  });
});
afterAll(() => Promise.all([server.close(), toolServer.close()]));

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
