// @module-tag slow
import { JsonOutputParser, StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import type { Metric, Step } from 'gepa-core';
import { bullmq, serveRollouts } from 'gepa-core/bullmq';
import type { OpenAIServer } from 'gepa-test-server';
import { queueSuite } from 'gepa-test-server/suites/queue';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

interface Answer {
  readonly queue: string;
}
interface Example {
  readonly id: string;
  readonly input: { readonly ticket: string };
  readonly expected: string;
}

const chain = (server: OpenAIServer) =>
  ChatPromptTemplate.fromMessages([
    ['system', 'Route tickets.'],
    ['human', '{ticket}'],
  ])
    .pipe(modelOf(server))
    .pipe(new JsonOutputParser<Answer>());
/** With a judge, whose calls are counted where they are made. */
const metricOf =
  (server: OpenAIServer): Metric<Example, Answer, readonly Step[]> =>
  async ({ example, output, trace }) => {
    const verdict = await modelOf(server).pipe(new StringOutputParser()).invoke('JUDGE');
    const isRight = output.queue === example.expected && verdict === 'yes';
    return { score: isRight, feedback: `Expected ${example.expected} in ${trace?.length} steps.` };
  };

queueSuite('a LangChain chain', {
  answer: (queue) => JSON.stringify({ queue }),
  compile: (server, examples, options, address) =>
    gepa(chain(server)).compile({
      ...examples((ticket) => ({ ticket })),
      metric: metricOf(server),
      reflectionModel: modelOf(server),
      ...options,
      rollouts: address && bullmq(address),
    }),
  serve: (server, address) => serveRollouts(gepa(chain(server)), { ...address, metric: metricOf(server) }),
});
