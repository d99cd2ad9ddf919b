import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentText } from '../chat.ts';
import { type OpenAIServer, startOpenAIServer } from '../openai-server.ts';
import { hasRedis, Redis } from '../redis.ts';

/** The examples as those of a program, from what its input is for the text of a ticket. */
export type TicketSets = <Input>(inputOf: (ticket: string) => Input) => {
  readonly trainset: TicketExample<Input>[];
  readonly valset: TicketExample<Input>[];
};
/** A ticket, and the queue that it belongs to. */
export interface TicketExample<Input> {
  readonly id: string;
  readonly input: Input;
  readonly expected: string;
}

/** Where the rollouts of a run wait for a worker: what `bullmq` and `serveRollouts` of gepa-core take. */
export interface QueueAddress {
  readonly connection: Redis['connection'];
  readonly queue: string;
}

interface Compiled {
  readonly result: {
    readonly candidates: unknown;
    readonly bestIndex: number;
    readonly bestScore: number;
    readonly totalMetricCalls: number;
    readonly usage: unknown;
    readonly spend: unknown;
    readonly warnings: unknown;
  };
}

export interface QueueSubject {
  /** The answer of the program's model for a queue. Default: the name of the queue. */
  readonly answer?: (queue: string) => string;
  /** Compiles a program with the text "Route tickets."; with an address, its rollouts run in workers. */
  compile(
    server: OpenAIServer,
    examples: TicketSets,
    options: { readonly maxMetricCalls: number },
    address?: QueueAddress,
  ): Promise<Compiled>;
  /** Starts a worker for the same program and metric. */
  serve(server: OpenAIServer, address: QueueAddress): Promise<{ close(): Promise<unknown> }>;
}

const queues = ['billing', 'outage', 'other'];
const sets: TicketSets = (inputOf) => {
  const examples = Array.from({ length: 12 }, (_, i) => {
    const queue = queues[i % 3]!;
    return { id: `t${i}`, input: inputOf(`Ticket ${i} about ${queue}`), expected: queue };
  });
  return { trainset: examples.slice(0, 6), valset: examples.slice(6) };
};

/** A simulated model. It knows the queues that its prompt names; a judge answers yes, a reflection adds the next queue. */
const startRouter = (answer: (queue: string) => string) =>
  startOpenAIServer(({ messages }) => {
    const text = messages.map(contentText).join('\n');
    if (text.includes('JUDGE')) return 'yes';
    if (text.includes('Ticket ') && text.startsWith('Route')) {
      const asked = queues.find((queue) => text.includes(`about ${queue}`))!;
      return answer(text.split('\n')[0]!.includes(asked) ? asked : 'unknown');
    }
    const current = /Route tickets\.[^\n`]*/.exec(text)?.[0] ?? 'Route tickets.';
    const next = queues.find((queue) => !current.includes(queue));
    return `\`\`\`\`\n${current}${next === undefined ? ' Please.' : ` ${next}.`}\n\`\`\`\``;
  });

/** Vitest suite: a run whose rollouts run in workers decides and spends the same as a run in one process. */
export function queueSuite(name: string, subject: QueueSubject): void {
  const { answer = (queue) => queue, compile, serve } = subject;

  describe.skipIf(!hasRedis)(`${name} on a queue`, () => {
    let redis: Redis;
    let server: OpenAIServer;
    beforeAll(async () => {
      redis = await Redis.start();
      server = await startRouter(answer);
    });
    afterAll(async () => {
      await server?.close();
      await redis?.[Symbol.asyncDispose]();
    });
    const options = { maxMetricCalls: 60 };

    it.each([1, 2, 8])(`${name} is optimized with %i workers as in one process`, async (workers) => {
      const local = await compile(server, sets, options);
      const address = { connection: redis.connection, queue: `queue-${workers}` };
      const servers = await Promise.all(Array.from({ length: workers }, () => serve(server, address)));
      const distributed = await compile(server, sets, options, address);
      await Promise.all(servers.map((one) => one.close()));
      const decisions = ({ result }: Compiled) => ({
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
}
