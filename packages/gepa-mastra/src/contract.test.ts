// @module-tag slow

import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow, type Step } from '@mastra/core/workflows';
import { adapterContract, type ContractSubject } from 'gepa-core/testing';
import { z } from 'zod';
import { createAdapter } from './adapter.ts';
import type { MastraExample } from './data/example.ts';
import { discover } from './program/discover.ts';
import type { AgentOutput } from './run-program.ts';
import { type ChatRequest, type OpenAIServer, startOpenAIServer, systemOf } from './testing/openai-server.ts';

const lastUser = ({ messages }: ChatRequest) =>
  String(messages.findLast(({ role }) => role === 'user')?.content);

/** Echoes its input; calls a tool or a sub-agent once if it has one. */
const startEcho = () =>
  startOpenAIServer(async (request) => {
    if (lastUser(request).includes('endless')) await new Promise(() => {});
    if (lastUser(request).includes('fail')) return { status: 400, error: 'bad request' };
    const offered = request.tools?.map((tool) => tool.function) ?? [];
    const answered = request.messages
      .filter(({ role }) => role === 'tool')
      .map(({ content }) => String(content));
    const tool = offered[0];
    if (tool !== undefined && answered.length === 0) {
      return {
        calls: [
          {
            name: tool.name,
            args: tool.name.startsWith('agent-') ? { prompt: lastUser(request) } : { topic: 't' },
          },
        ],
      };
    }
    return [systemOf(request), ...offered.map((one) => JSON.stringify(one)), ...answered].join(' | ');
  });

/** What is the same for every agent; its tools and sub-agents have components too. */
function agentSubject(agent: Agent, server: OpenAIServer): Omit<AgentSubject, 'fingerprint'> {
  const discovery = discover(agent, { tools: true });
  const { components } = discovery;
  return {
    adapter: createAdapter<MastraExample['input'], AgentOutput>({ program: agent, components, discovery }),
    example: { input: 'Hello' },
    failingExample: { input: 'fail' },
    endlessExample: { input: 'endless' },
    callSource: async ({ input }) => {
      const { text } = await agent.generate(input);
      return { text };
    },
    textsSeen: ({ text }) => text,
    close: () => server.close(),
  };
}

type AgentSubject = ContractSubject<MastraExample, AgentOutput>;

adapterContract<MastraExample, AgentOutput>('an agent with a tool', async () => {
  const server = await startEcho();
  const lookup = createTool({
    id: 'lookup',
    description: 'Looks a topic up.',
    inputSchema: z.object({ topic: z.string().describe('What to look up.') }),
    execute: async ({ topic }) => ({ found: topic }),
  });
  const agent = new Agent({
    id: 'support',
    name: 'Support',
    instructions: 'Be kind.',
    model: server.model,
    tools: { lookup },
  });
  return {
    ...agentSubject(agent, server),
    fingerprint: () => [
      agent.getInstructions(),
      agent.model,
      Object.keys(agent),
      lookup.description,
      JSON.stringify(lookup.inputSchema),
    ],
  };
});

adapterContract<MastraExample, AgentOutput>('an agent with a sub-agent', async () => {
  const server = await startEcho();
  const expert = new Agent({
    id: 'expert',
    name: 'Expert',
    description: 'Knows everything.',
    instructions: 'Be exact.',
    model: server.model,
  });
  const agent = new Agent({
    id: 'desk',
    name: 'Desk',
    instructions: 'Ask the expert.',
    model: server.model,
    agents: { expert },
  });
  return {
    ...agentSubject(agent, server),
    fingerprint: () => [
      [agent, expert].map((one) => [one.getInstructions(), one.model, Object.keys(one), one.hasOwnMemory()]),
    ],
    // Older versions of Mastra show the supervisor a thread id made up for each delegation.
    textsSeen: ({ text }) => text.replace(/"subAgentThreadId":"[^"]*"/, ''),
  };
});

adapterContract<MastraExample<{ prompt: string }>, { text: string }>(
  'a workflow with a nested one',
  async () => {
    const server = await startEcho();
    const first = new Agent({ id: 'first', name: 'First', instructions: 'Begin.', model: server.model });
    const second = new Agent({ id: 'second', name: 'Second', instructions: 'Finish.', model: server.model });
    const asPrompt = {
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: z.object({ text: z.string() }),
    };
    const inner = createWorkflow({ id: 'inner', ...asPrompt })
      .then(createStep(second))
      .commit();
    const workflow = createWorkflow({ id: 'outer', ...asPrompt })
      .then(createStep(first))
      .map(async ({ inputData }) => ({ prompt: inputData.text }))
      .then(inner as unknown as Step<'inner', unknown, { prompt: string }, { text: string }>)
      .map(async ({ inputData, getStepResult }) => ({
        text: `${getStepResult<{ text: string }>('first').text} + ${inputData.text}`,
      }))
      .commit();
    const discovery = discover(workflow);
    return {
      adapter: createAdapter<{ prompt: string }, { text: string }>({
        program: workflow,
        components: discovery.components,
        discovery,
      }),
      example: { input: { prompt: 'Hello' } },
      failingExample: { input: { prompt: 'fail' } },
      endlessExample: { input: { prompt: 'endless' } },
      fingerprint: () => [
        [first, second].map((one) => [one.getInstructions(), one.model, Object.keys(one)]),
        [workflow, inner].map((one) => [one.stepGraph.length, Object.keys(one), Object.keys(one.steps)]),
      ],
      callSource: async ({ input }) => {
        const run = await workflow.createRun();
        const result = await run.start({ inputData: input });
        if (result.status !== 'success') throw new Error(result.status);
        return result.result as { text: string };
      },
      textsSeen: ({ text }) => text,
      close: () => server.close(),
    };
  },
);
