// @module-tag slow
import { JsonOutputParser, StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import type { Metric, Step } from 'gepa-core';
import { bullmq, serveRollouts } from 'gepa-core/bullmq';
import { hasRedis, Redis } from 'gepa-test-server/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { contentText, type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

interface Answer {
  readonly queue: string;
}
interface Example {
  readonly id: string;
  readonly input: { readonly ticket: string };
  readonly expected: string;
}

const queues = ['billing', 'outage', 'other'];
const examples: readonly Example[] = Array.from({ length: 12 }, (_, i) => ({
  id: `t${i}`,
  input: { ticket: `Ticket ${i} about ${queues[i % 3]}` },
  expected: queues[i % 3]!,
}));

describe.skipIf(!hasRedis)('a LangChain chain on a queue', () => {
  let redis: Redis;
  let server: OpenAIServer;
  beforeAll(async () => {
    redis = await Redis.start();
    // Knows the queues that its prompt names. A judge answers yes. A reflection adds the next queue.
    server = await startOpenAIServer(({ messages }) => {
      const text = messages.map(contentText).join('\n');
      if (text.includes('JUDGE')) return 'yes';
      if (text.includes('Ticket ') && text.startsWith('Route')) {
        const asked = queues.find((queue) => text.includes(`about ${queue}`))!;
        return JSON.stringify({ queue: text.split('\n')[0]!.includes(asked) ? asked : 'unknown' });
      }
      const current = /Route tickets\.[^\n`]*/.exec(text)?.[0] ?? 'Route tickets.';
      const next = queues.find((queue) => !current.includes(queue));
      return `\`\`\`\`\n${current}${next === undefined ? ' Please.' : ` ${next}.`}\n\`\`\`\``;
    });
  });
  afterAll(async () => {
    await server?.close();
    await redis?.[Symbol.asyncDispose]();
  });

  const chain = () =>
    ChatPromptTemplate.fromMessages([
      ['system', 'Route tickets.'],
      ['human', '{ticket}'],
    ])
      .pipe(server.model())
      .pipe(new JsonOutputParser<Answer>());
  /** With a judge, whose calls are counted where they are made. */
  const metric: Metric<Example, Answer, readonly Step[]> = async ({ example, output, trace }) => {
    const verdict = await server.model().pipe(new StringOutputParser()).invoke('JUDGE');
    const isRight = output.queue === example.expected && verdict === 'yes';
    return { score: isRight, feedback: `Expected ${example.expected} in ${trace?.length} steps.` };
  };
  const compiled = (rollouts?: ReturnType<typeof bullmq>) =>
    gepa(chain()).compile({
      trainset: examples.slice(0, 6),
      valset: examples.slice(6),
      metric,
      reflectionModel: server.model(),
      maxMetricCalls: 60,
      ...(rollouts === undefined ? {} : { rollouts }),
    });

  it.each([1, 2, 8])('is optimized with %i workers as in one process', async (workers) => {
    const local = await compiled();
    const address = { connection: redis.connection, queue: `langchain-${workers}` };
    const servers = await Promise.all(
      Array.from({ length: workers }, () => serveRollouts(gepa(chain()), { ...address, metric })),
    );
    const distributed = await compiled(bullmq(address));
    await Promise.all(servers.map((one) => one.close()));
    const decisions = ({ result }: typeof local) => ({
      candidates: result.candidates,
      best: result.bestIndex,
      metricCalls: result.totalMetricCalls,
      usage: result.usage,
      spend: result.spend,
      warnings: result.warnings,
    });
    expect(decisions(distributed)).toEqual(decisions(local));
    expect(local.result.bestScore).toBe(1);
  });
});
