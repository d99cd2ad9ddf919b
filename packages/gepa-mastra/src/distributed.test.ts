// @module-tag slow
import { Agent } from '@mastra/core/agent';
import { bullmq, serveRollouts } from 'gepa-core/bullmq';
import type { OpenAIServer } from 'gepa-test-server';
import { queueSuite } from 'gepa-test-server/suites/queue';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

const model = (server: OpenAIServer) => ({ ...modelOf(server), apiKey: 'unused' });
const agent = (server: OpenAIServer) =>
  new Agent({ id: 'router', name: 'Router', instructions: 'Route tickets.', model: model(server) });
const metric = (args: {
  readonly example: { readonly input: string; readonly expected: string };
  readonly output: { readonly text: string };
}) => {
  const { expected } = args.example;
  return { score: args.output.text === expected, feedback: `Expected ${expected}.` };
};

queueSuite('a Mastra agent', {
  compile: (server, examples, options, address) =>
    gepa(agent(server)).compile({
      ...examples((ticket) => ticket),
      metric,
      reflectionModel: model(server),
      ...options,
      rollouts: address && bullmq(address),
    }),
  serve: (server, address) => serveRollouts(gepa(agent(server)), { ...address, metric }),
});
