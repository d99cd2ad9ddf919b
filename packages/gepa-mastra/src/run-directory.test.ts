// @module-tag slow

import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import type { OpenAIServer } from 'gepa-test-server';
import { type RunDirectoryOptions, runDirectorySuite } from 'gepa-test-server/suites';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

const secrets = ['sk-task-4711', 'sk-reflection-4712', 'tenant-4713'] as const;

const model = (server: OpenAIServer, apiKey: string) => ({
  ...modelOf(server),
  apiKey,
  headers: { 'x-tenant': secrets[2] },
});
const search = (server: OpenAIServer, options: RunDirectoryOptions) => ({
  reflectionModel: model(server, secrets[1]),
  ...options,
});

const lookup = createTool({
  id: 'lookup',
  description: 'Looks something up.',
  inputSchema: z.object({ key: z.string() }),
  execute: async () => ({ value: 4 }),
});
const agent = (server: OpenAIServer) =>
  new Agent({
    id: 'support',
    name: 'Support',
    instructions: 'Be kind.',
    model: model(server, secrets[0]),
    tools: { lookup },
  });
const questions = ['one', 'two', 'three'];

runDirectorySuite('Mastra', {
  secrets,
  programs: {
    'an agent': (server, options) => {
      const examples = questions.map((input) => ({ input }));
      return gepa(agent(server)).compile({
        trainset: examples,
        valset: examples.slice(0, 2),
        ...search(server, options),
      });
    },
    'a workflow': (server, options) => {
      const workflow = createWorkflow({
        id: 'desk',
        inputSchema: z.object({ prompt: z.string() }),
        outputSchema: z.object({ text: z.string() }),
      })
        .then(createStep(agent(server)))
        .commit();
      const examples = questions.map((prompt) => ({ input: { prompt } }));
      return gepa(workflow).compile({
        trainset: examples,
        valset: examples.slice(0, 2),
        ...search(server, options),
      });
    },
  },
});
