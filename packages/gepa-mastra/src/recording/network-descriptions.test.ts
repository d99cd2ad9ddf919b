import { Agent } from '@mastra/core/agent';
import { MockMemory } from '@mastra/core/memory';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

// The router picks the agent, then says that the task is complete: in the words of the list from which it picked.
const server = useOpenAIServer((request) => {
  const system = systemOf(request);
  if (!system.includes('You are a router')) return 'answered';
  const isLast = JSON.stringify(request.response_format ?? '').includes('isComplete');
  const read = (system.match(/NEW [A-Z]+/g) ?? []).join(', ');
  return JSON.stringify(
    isLast
      ? { isComplete: true, completionReason: 'done', finalResult: `read ${read}` }
      : { primitiveId: 'math', primitiveType: 'agent', prompt: 'add', selectionReason: 'It adds.' },
  );
});

const text = z.object({ text: z.string() });

it.runIf('network' in Agent.prototype)(
  'descriptions in the prompt of a network router are searched and applied; fields of tools, which are not applied, are left out',
  async () => {
    const { model } = server;
    const math = new Agent({ id: 'math', name: 'M', description: 'Adds.', instructions: 'Add.', model });
    const look = createTool({
      id: 'look',
      description: 'Looks.',
      inputSchema: z.object({ name: z.string().describe('A name.') }),
      execute: async () => ({}),
    });
    const chat = new Agent({
      id: 'chat',
      name: 'Chat',
      instructions: 'Delegate.',
      model,
      agents: { math },
      tools: { look },
      memory: new MockMemory(),
    });
    const step = createStep({
      id: 'call',
      inputSchema: text,
      outputSchema: text,
      execute: async ({ inputData }) => {
        const memory = { thread: 't', resource: 'r' };
        const stream = await chat.network(inputData.text, { memory, maxSteps: 2 });
        let result = '';
        const chunks = stream as unknown as AsyncIterable<{ type: string; payload?: { result?: unknown } }>;
        for await (const { type, payload } of chunks)
          if (type.startsWith('network-execution-event-')) result = String(payload?.result);
        return { text: result };
      },
    });
    const workflow = createWorkflow({ id: 'w', inputSchema: text, outputSchema: text }).then(step).commit();
    const { result, program } = await gepa(workflow, { parts: { chat }, tools: true }).compile({
      trainset: [{ input: { text: 'x' } }],
      metric: ({ output }) => output.text.split('NEW').length / 10,
      propose: async () => ({
        'chat.tools.look.description': 'NEW TOOL',
        'chat.agents.math.description': 'NEW AGENT',
      }),
      componentSelector: 'all',
      maxIterations: 1,
    });
    expect(result.warnings.filter((warning) => warning.startsWith('No rollout'))).toEqual([
      expect.stringContaining('read chat.tools.look.fields.name: a new text there changes nothing'),
    ]);
    expect(result.bestScore).toBe(0.3);
    const run = await program.createRun();
    expect(await run.start({ inputData: { text: 'x' } })).toMatchObject({
      result: { text: 'read NEW AGENT, NEW TOOL' },
    });
  },
);
