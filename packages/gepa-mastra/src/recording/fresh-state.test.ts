import { Agent } from '@mastra/core/agent';
import * as processors from '@mastra/core/processors';
import { createTool } from '@mastra/core/tools';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { supportAgent } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { useOpenAIServer } from '../testing/openai-server.ts';

/** A model that loads the tool `weather` when it is asked to, and otherwise answers with the names of its tools. */
const server = useOpenAIServer(({ messages, tools = [] }) => {
  const names = tools.map(({ function: { name } }) => name).join(', ');
  const isAsked = JSON.stringify(messages.find(({ role }) => role === 'user')).includes('load');
  return isAsked && messages.at(-1)?.role !== 'tool'
    ? { calls: [{ name: 'load_tool', args: { toolName: 'weather' } }] }
    : names;
});

const { ToolSearchProcessor } = processors as Partial<typeof processors>;

// Older versions of Mastra have no such processor, or no way to record processors.
it.runIf(ToolSearchProcessor !== undefined && '__getOverridableFields' in Agent.prototype)(
  'tools that a rollout loads through a ToolSearchProcessor are loaded neither in other rollouts nor in own requests',
  async () => {
    const weather = createTool({
      id: 'weather',
      description: 'Weather.',
      inputSchema: z.object({}),
      execute: async () => ({}),
    });
    const search = new ToolSearchProcessor!({ tools: { weather } });
    const agent = supportAgent(server.model, { inputProcessors: [search] });
    const outputs: string[] = [];
    await gepa(agent).evaluate({
      examples: ['before', 'load', 'after'].map((input) => ({ input })),
      metric: ({ output }) => {
        outputs.push(output.text);
        return 1;
      },
      concurrency: 1,
    });
    const without = 'search_tools, load_tool';
    expect(outputs).toEqual([without, `${without}, weather`, without]);
    expect((await agent.generate('own')).text).toBe(without);
  },
);
