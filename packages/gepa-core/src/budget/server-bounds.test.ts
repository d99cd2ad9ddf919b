import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type LoopbackServer, startServer } from 'gepa-test-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallMeter } from '../adapter/call-meter.ts';
import { RolloutError } from '../errors.ts';
import type { LanguageModelRequest } from '../language-model.ts';
import { optimize } from '../optimize.ts';
import { ceilings, chance, prices } from '../testing/fixtures/simulated-provider.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { runTokenTask, tokenMetric, tokenRecords } from '../testing/token-task.ts';
import { addUsage, modelCallUsage, noUsage, type Usage } from './usage.ts';

type Model = keyof typeof ceilings;

interface Question {
  readonly model: Model;
  readonly key: string;
}

interface Weather {
  /** The share of requests that are refused for a passing reason. */
  readonly failures: number;
  /** The share that is worked on, and billed, but never answered. */
  readonly hanging: number;
}

/** A model server that draws what becomes of a request, and counts what it has worked on. */
class Books {
  readonly answered: Record<Model, number> = { program: 0, judge: 0, reflection: 0 };
  /** All that it bills. */
  usage: Usage = noUsage;
  hung = 0;
  onAnswer: () => void = () => {};
  readonly #asked = new Map<string, number>();
  readonly #weather: Weather;

  constructor(weather: Weather) {
    this.#weather = weather;
  }

  answer({ model, key }: Question): { status: number; usage?: Usage; draw: number } {
    const number = this.#asked.get(key) ?? 0;
    this.#asked.set(key, number + 1);
    const { failures, hanging } = this.#weather;
    const draw = chance(model, key, number);
    if (draw < failures) return { status: draw < failures / 2 ? 429 : 500, draw };
    const share = chance(model, key, number, 'share');
    const tokens = Math.max(2, Math.ceil(share * ceilings[model].tokens));
    const costUsd = Math.ceil(share * ceilings[model].costUsd * 1024) / 1024;
    const usage = modelCallUsage({ model, inputTokens: tokens - 1, outputTokens: 1, costUsd });
    this.usage = addUsage(this.usage, usage);
    if (chance(model, key, number, 'hangs') < hanging) {
      this.hung++;
      return { status: 0, draw };
    }
    this.answered[model]++;
    this.onAnswer();
    return { status: 200, usage, draw };
  }
}

/** Of each run; stragglers of one do not stand in those of the next. */
const allBooks: Books[] = [];
let server: LoopbackServer;

beforeAll(async () => {
  server = await startServer(async ({ path, body }, response) => {
    const { status, draw, usage } = allBooks[Number(path.slice(1))]!.answer(JSON.parse(body));
    if (status === 0) return;
    await sleep(draw * 3);
    response.writeHead(status).end(JSON.stringify({ usage }));
  });
});
afterAll(() => server.close());

interface Surroundings {
  /** The number of the books. */
  readonly run: number;
  readonly signal: AbortSignal;
  /** Absent where nothing is told before it is spent. */
  readonly meter?: CallMeter | undefined;
}

/** One model call. */
async function ask(model: Model, key: string, { run, signal, meter }: Surroundings): Promise<Usage> {
  const { tokens } = ceilings[model];
  const call = await meter?.begin({ model, inputTokens: tokens - 1, outputTokens: 1 });
  try {
    const response = await fetch(`${server.url}/${run}`, {
      method: 'POST',
      body: JSON.stringify({ model, key }),
      signal,
    });
    if (!response.ok) throw Object.assign(new Error('busy'), { status: response.status });
    const { usage } = (await response.json()) as { usage: Usage };
    call?.end(usage);
    return usage;
  } catch (error) {
    call?.fail(error);
    throw error;
  }
}

/** Several model calls, one after the other; what they cost before one fails is told. */
async function askOften(times: number, key: string, surroundings: Surroundings): Promise<Usage> {
  let usage = noUsage;
  for (let i = 0; i < times; i++) {
    try {
      usage = addUsage(usage, await ask('program', `${key} ${i}`, surroundings));
    } catch (cause) {
      throw new RolloutError('The program broke off.', { cause, usage });
    }
  }
  return usage;
}

const mix = fc.record({
  bounds: fc.record(
    {
      maxTokens: fc.integer({ min: 210, max: 4_000 }),
      maxCostUsd: fc.integer({ min: 208, max: 4_000 }).map((n) => n / 1024),
      maxMetricCalls: fc.integer({ min: 14, max: 90 }),
    },
    { requiredKeys: [] },
  ),
  metered: fc.boolean(),
  /** Model calls in a run of the program. */
  calls: fc.integer({ min: 1, max: 3 }),
  failures: fc.constantFrom(0, 0.3),
  hanging: fc.constantFrom(0, 0, 0.04),
  /** The answer at which the run is aborted. */
  abortedAt: fc.constantFrom(undefined, undefined, 5, 40),
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
    fc.asyncProperty(mix, async ({ bounds, metered, calls, failures, hanging, abortedAt, options }) => {
      const books = new Books({ failures, hanging });
      const run = allBooks.push(books) - 1;
      const controller = new AbortController();
      let left = abortedAt ?? Number.POSITIVE_INFINITY;
      books.onAnswer = () => {
        if (--left === 0) controller.abort();
      };
      const within = ({ signal, meter }: Omit<Surroundings, 'run'>) => ({
        run,
        signal,
        ...(metered ? { meter } : {}),
      });
      const { components } = tokenRun().options.adapter;
      const result = await optimize({
        ...options,
        ...bounds,
        adapter: {
          components,
          metersCalls: metered,
          run: async (candidate, example, context) => ({
            ...runTokenTask(candidate, example),
            usage: await askOften(calls, JSON.stringify([candidate, example.id]), within(context)),
          }),
          reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
        },
        metric: async (args) => ({
          ...(tokenMetric()(args) as { score: number }),
          usage: await ask('judge', JSON.stringify([args.example.id, args.output]), within(args)),
        }),
        reflectionModel: Object.assign(
          async ({ prompt, ...surroundings }: LanguageModelRequest) => ({
            text: `\`\`\`\nbase red ${Math.floor(chance(prompt) * 1e6)}\n\`\`\``,
            usage: await ask('reflection', prompt, within(surroundings)),
          }),
          { metersCalls: metered },
        ),
        trainset: tokenExamples('train', 6),
        valset: tokenExamples('valid', 6),
        testset: tokenExamples('tests', 4),
        ...(metered
          ? { prices }
          : {
              reserve: {
                rollout: {
                  tokens: calls * ceilings.program.tokens + ceilings.judge.tokens,
                  costUsd: calls * ceilings.program.costUsd + ceilings.judge.costUsd,
                },
                reflection: ceilings.reflection,
              },
            }),
        signal: controller.signal,
        // What hangs is given up soon.
        rolloutTimeoutMs: hanging > 0 ? 60 : 30_000,
        retry: { retries: 40, minDelayMs: 0, maxDelayMs: 1 },
      });
      const { answered, usage, hung } = books;
      const of = (bound: number | undefined) => bound ?? Number.POSITIVE_INFINITY;
      expect(usage.inputTokens + usage.outputTokens).toBeLessThanOrEqual(of(bounds.maxTokens));
      expect(usage.costUsd ?? 0).toBeLessThanOrEqual(of(bounds.maxCostUsd));
      expect(answered.judge).toBeLessThanOrEqual(of(bounds.maxMetricCalls) + hung);
      // What was under way when it was given up, its caller can know nothing of.
      if (hung > 0 || left <= 0) {
        expect(result.usage.modelCalls).toBeLessThanOrEqual(usage.modelCalls);
        return;
      }
      expect(result.usage).toEqual(usage);
      expect(result.totalMetricCalls).toBe(answered.judge);
      expect(result.spend.judge.usage.modelCalls).toBe(answered.judge);
      expect(result.spend.reflection.usage.modelCalls).toBe(answered.reflection);
    }),
    { numRuns: 60 },
  );
}, 120_000);
