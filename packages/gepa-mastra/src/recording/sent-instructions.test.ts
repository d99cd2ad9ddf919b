import { createStep, createWorkflow } from '@mastra/core/workflows';
import { SeedError } from 'gepa-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { type AgentConfig, search, supportAgent, useEchoServer } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';

const server = useEchoServer();

const agentWith = (config: AgentConfig = {}) => supportAgent(server.model, config);

type Messages = { messages: unknown; systemMessages: { role: string; content: string }[] };

/** A processor that changes the system messages. */
const processor = (change: (content: string) => string) =>
  ({
    id: 'change',
    processInput: async ({ messages, systemMessages }: Messages) => ({
      messages,
      systemMessages: systemMessages.map(({ content }) => ({ role: 'system', content: change(content) })),
    }),
  }) as never;

const run = (program: ReturnType<typeof agentWith>) =>
  gepa(program).compile({ ...search, propose: async () => ({ 'support.instructions': 'Be polite.' }) });

it.each<[string, AgentConfig]>([
  ['a processor', { inputProcessors: [processor(() => 'Of the processor.')] }],
  [
    'a processor and default options',
    {
      defaultOptions: { instructions: 'By default.' },
      inputProcessors: [processor(() => 'Of the processor.')],
    },
  ],
])('a run ends after the seed if %s replaces the only instructions', async (_, config) => {
  const running = run(agentWith(config));
  await expect(running).rejects.toThrow(SeedError);
  await expect(running).rejects.toThrow('No rollout of the seed candidate read support.instructions');
});

it('a run ends after the seed if a processor blocks every input, so that no model is called', async () => {
  const block = {
    id: 'block',
    processInput: ({ abort }: { abort: (reason: string) => never }) => abort('Blocked.'),
  };
  const running = run(agentWith({ inputProcessors: [block as never] }));
  await expect(running).rejects.toThrow('No rollout of the seed candidate read support.instructions');
});

it.each<[string, AgentConfig]>([
  [
    'fills in a value',
    {
      instructions: 'Be kind to {{name}}. Answer briefly.',
      inputProcessors: [processor((content) => content.replace('{{name}}', 'Ada'))],
    },
  ],
  [
    'fills in a template of short parts',
    {
      instructions: 'You are {{persona}}. {{rules}}',
      inputProcessors: [
        processor((content) => content.replace('{{persona}}', 'Ada').replace('{{rules}}', '')),
      ],
    },
  ],
  ['writes them in capitals', { inputProcessors: [processor((content) => content.toUpperCase())] }],
  ['adds to them', { inputProcessors: [processor((content) => `${content} Today is Monday.`)] }],
])('instructions are read if a processor %s', async (_, config) => {
  const { result } = await run(agentWith(config));
  expect(result.warnings.filter((warning) => warning.includes('read'))).toEqual([]);
});

it('instructions that every call replaces are left out of the search, with a warning; those of other agents are not', async () => {
  const io = {
    inputSchema: z.object({ prompt: z.string() }),
    outputSchema: z.object({ text: z.string() }),
  };
  const other = agentWith({ id: 'other', instructions: 'Be exact.' });
  const agent = agentWith();
  const flow = (isReplaced: (prompt: string) => boolean) => {
    const step = createStep({
      id: 'call',
      ...io,
      execute: async ({ inputData: { prompt } }) => {
        const options = isReplaced(prompt) ? { instructions: `Write for ${prompt}.` } : {};
        const { text } = await agent.generate(prompt, options);
        return { text: (await other.generate(text)).text };
      },
    });
    return createWorkflow({ id: 'flow', ...io })
      .then(step)
      .commit();
  };
  const changed = async (isReplaced: (prompt: string) => boolean) => {
    const names = new Set<string>();
    const examples = ['kids', 'adults'].map((prompt) => ({ id: prompt, input: { prompt } }));
    const { result } = await gepa(flow(isReplaced), { parts: { support: agent, other } }).compile({
      trainset: examples,
      valset: examples,
      metric: () => 0.5,
      propose: async ({ components }) => {
        for (const name of components) names.add(name);
        return {};
      },
      maxIterations: 4,
    });
    return { names: [...names].sort(), warnings: result.warnings.join() };
  };
  const always = await changed(() => true);
  expect(always.names).toEqual(['other.instructions']);
  expect(always.warnings).toContain('No rollout of the seed candidate read support.instructions');
  const sometimes = await changed((prompt) => prompt === 'kids');
  expect(sometimes.names).toEqual(['other.instructions', 'support.instructions']);
  expect(sometimes.warnings).not.toContain('No rollout of the seed candidate read');
});
