import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { rolloutFailures } from '../fixtures/rollout-failures.ts';
import { gepa } from '../gepa.ts';
import { type OpenAIServer, startOpenAIServer } from '../testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  // Calls the first tool once, then answers "done".
  server = await startOpenAIServer(({ messages, tools = [] }) => {
    const tool = tools[0]?.function.name;
    return tool !== undefined && !messages.some(({ role }) => role === 'tool')
      ? { calls: [{ name: tool, args: tool.startsWith('agent-') ? { prompt: 'x' } : {} }] }
      : 'done';
  });
});
afterAll(() => server.close());

const agentWith = (config: object = {}) =>
  new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: server.model, ...config });
const prompt = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};

const refund = createTool({
  id: 'refund',
  description: 'Refunds.',
  inputSchema: z.object({}),
  requireApproval: true,
  execute: async () => 'refunded',
});

it.each([
  ['with storage', true],
  ['without storage', false],
])('a rollout fails when a tool of the agent needs approval, %s', async (_, hasStorage) => {
  const agent = agentWith({ tools: { refund } });
  if (hasStorage) new Mastra({ agents: { agent }, storage: new InMemoryStore(), logger: false });
  expect(await rolloutFailures(agent, 'refund me')).toEqual([
    expect.stringContaining('was suspended (refund)'),
  ]);
});

it('a rollout fails when a tool of an agent in a workflow step needs approval, where Mastra itself would wait forever', async () => {
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith({ tools: { refund } })))
    .commit();
  expect(await rolloutFailures(workflow, { prompt: 'refund me' })).toEqual([
    expect.stringContaining('The agent support was suspended (refund)'),
  ]);
});

it('a suspended rollout leaves no resumable run in the storage', async () => {
  const clerk = agentWith({ id: 'clerk', description: 'Refunds.', tools: { refund } });
  const agent = agentWith({ agents: { clerk } });
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agent))
    .commit();
  const storage = new InMemoryStore();
  const agents = { agent, clerk };
  new Mastra({ agents, workflows: { workflow }, storage, logger: false });
  const store = await storage.getStore('workflows');
  const runs = async () => (await store?.listWorkflowRuns())?.runs.map(({ workflowName }) => workflowName);
  for (const [program, input] of [
    [agent, 'refund me'],
    [workflow, { prompt: 'refund me' }],
  ] as const) {
    expect(await rolloutFailures(program, input)).toEqual([expect.stringContaining('was suspended')]);
    expect(await runs()).toEqual([]);
  }
  // Outside a rollout, Mastra stores the suspended run.
  await agent.generate('refund me');
  expect(await runs()).not.toEqual([]);
});

it('a rollout fails when a workflow step suspends', async () => {
  const ask = createStep({
    id: 'ask',
    inputSchema: z.object({ text: z.string() }),
    outputSchema: z.object({ text: z.string() }),
    execute: async ({ suspend }) => (await suspend({})) as never,
  });
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .then(ask)
    .commit();
  const [failure] = await rolloutFailures(workflow, { prompt: 'x' });
  expect(failure).toContain('flow was suspended (ask)');
});

it('an agent that is suspended on every example ends the run before the first reflection', async () => {
  let reflections = 0;
  const running = gepa(agentWith({ tools: { refund } })).compile({
    trainset: [{ input: 'a' }, { input: 'b' }],
    metric: () => 1,
    propose: async () => {
      reflections++;
      return {};
    },
    maxIterations: 5,
  });
  await expect(running).rejects.toThrow('No text can fix that');
  expect(reflections).toBe(0);
});

it('a mocked tool needs no approval', async () => {
  const outputs: string[] = [];
  await gepa(agentWith({ tools: { refund } })).compile({
    trainset: [{ input: 'a', toolMocks: [{ toolName: 'refund', args: {}, output: 'mocked' }] }],
    metric: ({ output }) => {
      outputs.push(output.text);
      return 1;
    },
    propose: async () => ({}),
    maxIterations: 1,
  });
  expect(outputs[0]).toBe('done');
});
