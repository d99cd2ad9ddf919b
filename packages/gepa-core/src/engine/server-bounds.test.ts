import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { runTokenTask, tokenMetric, tokenRecords } from '../testing/token-task.ts';
import { addUsage, modelCallUsage, noUsage, type Usage } from '../usage.ts';
import { ceilings, chance } from './fixtures/simulated-provider.ts';
import { tokenExamples, tokenRun } from './fixtures/token-run.ts';

type Model = keyof typeof ceilings;

interface Question {
  readonly model: Model;
  readonly key: string;
}

/** A model server that draws what becomes of a request, and counts what it has answered. */
class Books {
  readonly answered: Record<Model, number> = { program: 0, judge: 0, reflection: 0 };
  usage: Usage = noUsage;
  readonly #asked = new Map<string, number>();
  readonly #failures: number;

  constructor(failures: number) {
    this.#failures = failures;
  }

  answer({ model, key }: Question): { status: number; usage?: Usage; draw: number } {
    const number = this.#asked.get(key) ?? 0;
    this.#asked.set(key, number + 1);
    const draw = chance(model, key, number);
    if (draw < this.#failures) return { status: draw < this.#failures / 2 ? 429 : 500, draw };
    const share = chance(model, key, number, 'share');
    const tokens = Math.max(2, Math.ceil(share * ceilings[model].tokens));
    const costUsd = Math.ceil(share * ceilings[model].costUsd * 1024) / 1024;
    const usage = modelCallUsage({ model, inputTokens: tokens - 1, outputTokens: 1, costUsd });
    this.answered[model]++;
    this.usage = addUsage(this.usage, usage);
    return { status: 200, usage, draw };
  }
}

let books = new Books(0);
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { status, draw, usage } = books.answer(JSON.parse(body));
    await sleep(draw * 3);
    response.writeHead(status).end(JSON.stringify({ usage }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(model: Model, key: string): Promise<Usage> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ model, key }) });
  if (!response.ok) throw Object.assign(new Error('busy'), { status: response.status });
  return ((await response.json()) as { usage: Usage }).usage;
}

const mix = fc.record({
  bounds: fc.record(
    {
      maxTokens: fc.integer({ min: 120, max: 4_000 }),
      maxCostUsd: fc.integer({ min: 128, max: 4_000 }).map((n) => n / 1024),
      maxMetricCalls: fc.integer({ min: 14, max: 90 }),
    },
    { requiredKeys: [] },
  ),
  failures: fc.constantFrom(0, 0.3),
  options: fc.record({
    maxIterations: fc.integer({ min: 1, max: 6 }),
    concurrency: fc.constantFrom(1, 4, 16),
    samplingStrategy: fc.constantFrom('single' as const, { parents: 2, mutations: 2 }, { independent: 3 }),
    componentSelector: fc.constantFrom('round_robin' as const, 'all' as const),
    cacheEvaluation: fc.boolean(),
    seed: fc.nat({ max: 100 }),
  }),
});

it('no bound is crossed and every call is accounted for, by what a model server has counted', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async ({ bounds, failures, options }) => {
      books = new Books(failures);
      const { components } = tokenRun().options.adapter;
      const result = await optimize({
        ...options,
        ...bounds,
        adapter: {
          components,
          run: async (candidate, example) => ({
            ...runTokenTask(candidate, example),
            usage: await ask('program', JSON.stringify([candidate, example.id])),
          }),
          reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
        },
        metric: async (args) => ({
          ...(tokenMetric()(args) as { score: number }),
          usage: await ask('judge', JSON.stringify([args.example.id, args.output])),
        }),
        reflectionModel: async ({ prompt }) => ({
          text: `\`\`\`\nbase red ${Math.floor(chance(prompt) * 1e6)}\n\`\`\``,
          usage: await ask('reflection', prompt),
        }),
        trainset: tokenExamples('train', 6),
        valset: tokenExamples('valid', 6),
        testset: tokenExamples('tests', 4),
        reserve: {
          rollout: {
            tokens: ceilings.program.tokens + ceilings.judge.tokens,
            costUsd: ceilings.program.costUsd + ceilings.judge.costUsd,
          },
          reflection: ceilings.reflection,
        },
        retry: { retries: 40, minDelayMs: 0, maxDelayMs: 1 },
      });
      const { answered, usage } = books;
      const of = (bound: number | undefined) => bound ?? Number.POSITIVE_INFINITY;
      expect(usage.inputTokens + usage.outputTokens).toBeLessThanOrEqual(of(bounds.maxTokens));
      expect(usage.costUsd ?? 0).toBeLessThanOrEqual(of(bounds.maxCostUsd));
      expect(answered.judge).toBeLessThanOrEqual(of(bounds.maxMetricCalls));
      expect(result.usage).toEqual(usage);
      expect(result.totalMetricCalls).toBe(answered.judge);
      expect(result.spend.judge.usage.modelCalls).toBe(answered.judge);
      expect(result.spend.reflection.usage.modelCalls).toBe(answered.reflection);
    }),
    { numRuns: 30 },
  );
}, 120_000);
