import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { load } from '../load.ts';
import { useOpenAIServer } from '../testing/openai-server.ts';

/** A model that calls its first tool; the answer has the descriptions of its tools and what the first one returned. */
const server = useOpenAIServer(({ tools = [], messages }) => {
  const results = messages.filter(({ role }) => role === 'tool').map(({ content }) => String(content));
  const [first] = tools;
  if (first !== undefined && results.length === 0)
    return { calls: [{ name: first.function.name, args: { prompt: 'x' } }] };
  return [...tools.map(({ function: { description } }) => description), ...results].join(' | ');
});

it('the description of a workflow that a sub-agent has as a tool is optimized, saved and applied', async () => {
  const { model } = server;
  const io = { inputSchema: z.object({ prompt: z.string() }), outputSchema: z.object({ text: z.string() }) };
  const inner = new Agent({ id: 'inner', name: 'I', instructions: 'Inner.', model });
  const flow = createWorkflow({ id: 'flow', description: 'Flows.', ...io })
    .then(createStep(inner))
    .commit();
  const sub = new Agent({
    id: 'sub',
    name: 'S',
    description: 'Sub.',
    instructions: 'S',
    model,
    workflows: { flow },
  });
  const top = new Agent({ id: 'top', name: 'T', instructions: 'T', model, agents: { sub } });
  const options = { tools: true, workflows: await sub.listWorkflows() };
  const name = 'top.workflows.flow.description';
  const { result, program, toJSON } = await gepa(top, options).compile({
    trainset: [{ input: 'x' }],
    metric: ({ output }) => (output.text.includes('NEW') ? 1 : 0),
    propose: async () => ({ [name]: 'NEW' }),
    componentSelector: 'all',
    maxIterations: 1,
  });
  expect(result.warnings.join()).not.toContain('No rollout');
  expect(result.bestScore).toBe(1);
  const answerOf = async (agent: Pick<typeof top, 'generate'>) => (await agent.generate('x')).text;
  expect(await answerOf(program)).toContain('NEW');
  expect(await answerOf(load(top, toJSON(), options))).toContain('NEW');
  expect(await answerOf(top)).toContain('Flows.');
});

// Older versions of Mastra ignore `activeTools` in default options.
it.runIf('__getOverridableFields' in Agent.prototype)(
  'the description of a tool that is never offered is left out of the search, with a warning',
  async () => {
    const tool = (id: string) =>
      createTool({ id, description: `Tool ${id}.`, inputSchema: z.object({}), execute: async () => ({}) });
    const agent = new Agent({
      id: 'a',
      name: 'A',
      instructions: 'A',
      model: server.model,
      tools: { shown: tool('shown'), hidden: tool('hidden') },
      defaultOptions: { activeTools: ['shown'] },
    });
    const { result } = await gepa(agent, { tools: true }).compile({
      trainset: [{ input: 'x' }],
      metric: () => 0,
      propose: async () => ({}),
      maxIterations: 1,
    });
    expect(result.warnings).toContainEqual(
      expect.stringContaining('No rollout of the seed candidate read a.tools.hidden.description: '),
    );
  },
);
