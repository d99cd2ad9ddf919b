// @module-tag slow
import { Agent } from '@mastra/core/agent';
import { bullmq, serveRollouts } from 'gepa-core/bullmq';
import { contentText } from 'gepa-test-server';
import { hasRedis, Redis } from 'gepa-test-server/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

const queues = ['billing', 'outage', 'other'];
const examples = Array.from({ length: 12 }, (_, i) => ({
  id: `t${i}`,
  input: `Ticket ${i} about ${queues[i % 3]}`,
  expected: queues[i % 3]!,
}));

describe.skipIf(!hasRedis)('a Mastra agent on a queue', () => {
  let redis: Redis;
  let server: OpenAIServer;
  beforeAll(async () => {
    redis = await Redis.start();
    // Knows the queues that its instructions name. A reflection adds the next queue.
    server = await startOpenAIServer(({ messages }) => {
      const text = messages.map(contentText).join('\n');
      if (text.startsWith('Route')) {
        const asked = queues.find((queue) => text.includes(`about ${queue}`))!;
        return text.split('\n')[0]!.includes(asked) ? asked : 'unknown';
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

  const agent = () =>
    new Agent({
      id: 'router',
      name: 'Router',
      instructions: 'Route tickets.',
      model: { ...server.model, apiKey: 'unused' },
    });
  const metric = ({
    example,
    output,
  }: {
    readonly example: (typeof examples)[number];
    readonly output: { readonly text: string };
  }) => ({ score: output.text === example.expected, feedback: `Expected ${example.expected}.` });
  const compiled = (rollouts?: ReturnType<typeof bullmq>) =>
    gepa(agent()).compile({
      trainset: examples.slice(0, 6),
      valset: examples.slice(6),
      metric,
      reflectionModel: { ...server.model, apiKey: 'unused' },
      maxMetricCalls: 60,
      ...(rollouts === undefined ? {} : { rollouts }),
    });

  it.each([1, 2, 8])('is optimized with %i workers as in one process', async (workers) => {
    const local = await compiled();
    const address = { connection: redis.connection, queue: `mastra-${workers}` };
    const servers = await Promise.all(
      Array.from({ length: workers }, () => serveRollouts(gepa(agent()), { ...address, metric })),
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
