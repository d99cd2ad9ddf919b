// @module-tag slow

import { createOpenAI } from '@ai-sdk/openai';
import { generateObject, generateText, streamText, ToolLoopAgent, tool } from 'ai';
import { type ProgramExample, tunable } from 'gepa-core';
import { adapterContract } from 'gepa-core/testing';
import {
  type ChatRequest,
  contentText,
  type OpenAIServer,
  startOpenAIServer,
  systemOf,
} from 'gepa-test-server';
import { reflectionModelSuite } from 'gepa-test-server/suites';
import { z } from 'zod';
import { createAdapter } from './adapter.ts';
import { observed, reflectionModelOf } from './gepa.ts';
import { findTexts } from './texts.ts';

const modelOf = ({ url }: OpenAIServer) =>
  createOpenAI({ baseURL: url, apiKey: 'unneeded' }).chat('simulated');
const lastUser = ({ messages }: ChatRequest) => contentText(messages.findLast(({ role }) => role === 'user'));

/** A simulated model that echoes what it was sent, and calls its tool once. */
const startEcho = () =>
  startOpenAIServer(async (request) => {
    if (lastUser(request).includes('endless')) await new Promise(() => {});
    if (lastUser(request).includes('fail')) return { status: 400, error: 'bad request' };
    const offered = request.tools?.map(({ function: offer }) => offer) ?? [];
    const results = request.messages.filter(({ role }) => role === 'tool');
    if (offered.length > 0 && results.length === 0) {
      return { calls: [{ name: offered[0]!.name, args: { topic: 'tides' } }] };
    }
    const sent = [systemOf(request), ...offered, ...results].map((part) => JSON.stringify(part)).join(' | ');
    return 'response_format' in request ? JSON.stringify({ echo: sent }) : sent;
  });

const examples = {
  example: { input: 'Hello' },
  failingExample: { input: 'fail' },
  endlessExample: { input: 'endless' },
};

const lookup = tool({
  description: 'Looks a topic up.',
  inputSchema: z.object({ topic: z.string() }),
  execute: async ({ topic }) => ({ found: topic }),
});

adapterContract<ProgramExample<string>, string>('an agent of the AI SDK with a tool', async () => {
  const server = await startEcho();
  const tools = { lookup };
  const agent = new ToolLoopAgent({ model: modelOf(server), instructions: 'Be kind.', tools });
  return {
    adapter: createAdapter(agent, findTexts(agent, { tools: true }).components),
    ...examples,
    fingerprint: () => [Object.keys(agent), JSON.stringify(agent), agent.tools === tools, lookup.description],
    callSource: async ({ input }) => (await agent.generate({ prompt: input })).output,
    textsSeen: (output) => output,
    close: () => server.close(),
  };
});

adapterContract<ProgramExample<string>, string>('a function with three kinds of calls', async () => {
  const server = await startEcho();
  const model = observed(modelOf(server));
  const plan = tunable('plan', 'Plan an answer for {who}.', { variables: ['who'] });
  const write = tunable('write', 'Write it.');
  const check = tunable('check', 'Check it.');
  const flow = async (input: string, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
    const request = { model, prompt: input, maxRetries: 0, abortSignal };
    const planned = await generateText({ ...request, instructions: plan.text.replace('{who}', 'you') });
    const written = await generateObject({
      ...request,
      instructions: write.text,
      schema: z.object({ echo: z.string() }),
    });
    const checked = streamText({ ...request, instructions: check.text });
    return [planned.text, written.object.echo, await checked.text].join(' + ');
  };
  return {
    adapter: createAdapter(flow, findTexts(flow, { tunables: [plan, write, check] }).components),
    ...examples,
    fingerprint: () => [String(flow), plan.text, write.text, check.text],
    callSource: ({ input }) => flow(input),
    textsSeen: (output) => output,
    close: () => server.close(),
  };
});

reflectionModelSuite('a model of the AI SDK', {
  modelName: 'simulated',
  modelOf: (server) => reflectionModelOf(modelOf(server)),
});
