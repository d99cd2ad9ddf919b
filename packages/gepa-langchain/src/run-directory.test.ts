// @module-tag slow

import { ChatPromptTemplate } from '@langchain/core/prompts';
import { tool } from '@langchain/core/tools';
import type { OpenAIServer } from 'gepa-test-server';
import { type RunDirectoryOptions, runDirectorySuite } from 'gepa-test-server/suites';
import { createAgent } from 'langchain';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

const secrets = ['sk-task-4711', 'sk-reflection-4712', 'tenant-4713', 'query-4714'] as const;

const model = (server: OpenAIServer, apiKey: string) =>
  modelOf(server, {
    apiKey,
    configuration: {
      baseURL: server.url,
      defaultHeaders: { 'x-tenant': secrets[2] },
      defaultQuery: { token: secrets[3] },
    },
  });
const search = (server: OpenAIServer, options: RunDirectoryOptions) => ({
  reflectionModel: model(server, secrets[1]),
  ...options,
});

const lookup = tool(({ key }) => `${key} is 4`, {
  name: 'lookup',
  description: 'Looks something up.',
  schema: z.object({ key: z.string() }),
});
const questions = ['one', 'two', 'three'];

runDirectorySuite('LangChain', {
  secrets,
  programs: {
    'a chain that ends in a message': (server, options) => {
      const chain = ChatPromptTemplate.fromMessages([
        ['system', 'Be kind.'],
        ['human', '{question}'],
      ]).pipe(model(server, secrets[0]));
      const examples = questions.map((question) => ({ input: { question } }));
      return gepa(chain).compile({
        trainset: examples,
        valset: examples.slice(0, 2),
        ...search(server, options),
      });
    },
    'an agent': (server, options) => {
      const agent = createAgent({
        model: model(server, secrets[0]),
        tools: [lookup],
        systemPrompt: 'Be kind.',
      });
      const examples = questions.map((content) => ({ input: { messages: [{ role: 'user', content }] } }));
      return gepa(agent).compile({
        trainset: examples,
        valset: examples.slice(0, 2),
        ...search(server, options),
      });
    },
  },
});
