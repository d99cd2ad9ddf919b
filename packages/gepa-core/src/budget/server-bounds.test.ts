// @module-tag slow
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type LoopbackServer, startServer } from 'gepa-test-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallMeter } from '../adapter/call-meter.ts';
import { RolloutError } from '../errors.ts';
import type { LanguageModelRequest } from '../language-model.ts';
import { optimize } from '../optimize.ts';
import { callLimits, chance, prices } from '../testing/fixtures/simulated-provider.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { runTokenTask, tokenMetric, tokenRecords } from '../testing/token-task.ts';
import { addUsage, modelCallUsage, noUsage, type Usage } from './usage.ts';

type Model = keyof typeof callLimits;

interface ModelRequest {
  readonly model: Model;
  readonly key: string;
}

interface FailureRates {
  /** The share of requests that fail with a transient error, without a charge. */
  readonly failing: number;
  /** The share of requests that are billed but never answered. */
  readonly hanging: number;
}

/** The model server's side of one run: decides the outcome of each request and records what it bills. */
class ServerRecord {
  readonly answered: Record<Model, number> = { program: 0, judge: 0, reflection: 0 };
  /** Everything that was billed. */
  usage: Usage = noUsage;
  hung = 0;
  onAnswer: () => void = () => {};
  readonly #requestCounts = new Map<string, number>();
  readonly #rates: FailureRates;

  constructor(rates: FailureRates) {
    this.#rates = rates;
  }

  answer({ model, key }: ModelRequest): { status: number; usage?: Usage; draw: number } {
    const number = this.#requestCounts.get(key) ?? 0;
    this.#requestCounts.set(key, number + 1);
    const { failing, hanging } = this.#rates;
    const draw = chance(model, key, number);
    if (draw < failing) return { status: draw < failing / 2 ? 429 : 500, draw };
    const share = chance(model, key, number, 'share');
    const tokens = Math.max(2, Math.ceil(share * callLimits[model].tokens));
    const costUsd = Math.ceil(share * callLimits[model].costUsd * 1024) / 1024;
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

/** One record per run, so that late requests of one run do not count for the next. */
const records: ServerRecord[] = [];
let server: LoopbackServer;

beforeAll(async () => {
  server = await startServer(async ({ path, body }, response) => {
    const { status, draw, usage } = records[Number(path.slice(1))]!.answer(JSON.parse(body));
    if (status === 0) return;
    // A real delay: answers of a real socket arrive in varying order.
    await sleep(draw * 3);
    response.writeHead(status).end(JSON.stringify({ usage }));
  });
});
afterAll(() => server.close());

interface CallContext {
  /** The index of the run's record. */
  readonly run: number;
  readonly signal: AbortSignal;
  /** Undefined if the run does not meter its calls. */
  readonly meter?: CallMeter | undefined;
}

/** Makes one model call. */
async function callModel(model: Model, key: string, { run, signal, meter }: CallContext): Promise<Usage> {
  const { tokens } = callLimits[model];
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

/** Makes several model calls in sequence. If one fails, the error contains the usage of those before it. */
async function callProgram(times: number, key: string, context: CallContext): Promise<Usage> {
  let usage = noUsage;
  for (let i = 0; i < times; i++) {
    try {
      usage = addUsage(usage, await callModel('program', `${key} ${i}`, context));
    } catch (cause) {
      throw new RolloutError('The program failed.', { cause, usage });
    }
  }
  return usage;
}

const mix = fc.record({
  limits: fc.record(
    {
      maxTokens: fc.integer({ min: 210, max: 4_000 }),
      maxCostUsd: fc.integer({ min: 208, max: 4_000 }).map((n) => n / 1024),
      maxMetricCalls: fc.integer({ min: 14, max: 90 }),
    },
    { requiredKeys: [] },
  ),
  isMetered: fc.boolean(),
  /** Model calls per run of the program. */
  calls: fc.integer({ min: 1, max: 3 }),
  failing: fc.constantFrom(0, 0.3),
  hanging: fc.constantFrom(0, 0, 0.04),
  /** The number of the answer at which the run is aborted. */
  abortedAt: fc.constantFrom(undefined, undefined, 5, 40),
  options: fc.record({
    maxIterations: fc.integer({ min: 1, max: 6 }),
    concurrency: fc.constantFrom(1, 4, 16),
    samplingStrategy: fc.constantFrom(
      'single' as const,
      { parents: 2, mutations: 2 },
      { parents: 3, mutations: 1 },
    ),
    componentSelector: fc.constantFrom('round_robin' as const, 'all' as const),
    cacheEvaluation: fc.boolean(),
    seed: fc.nat({ max: 100 }),
  }),
});

it('a run exceeds no limit and reports every call, compared with the records of a model server', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async ({ limits, isMetered, calls, failing, hanging, abortedAt, options }) => {
      const record = new ServerRecord({ failing, hanging });
      const run = records.push(record) - 1;
      const controller = new AbortController();
      let answersLeft = abortedAt ?? Number.POSITIVE_INFINITY;
      record.onAnswer = () => {
        if (--answersLeft === 0) controller.abort();
      };
      const contextOf = ({ signal, meter }: Omit<CallContext, 'run'>) => ({
        run,
        signal,
        ...(isMetered ? { meter } : {}),
      });
      const { components } = tokenRun().options.adapter;
      // On a busy machine an answer can be late too.
      let timeouts = 0;
      const result = await optimize({
        onEvent: (event) => {
          if (event.type === 'retried' && event.message.includes('did not end within')) timeouts++;
        },
        ...options,
        ...limits,
        adapter: {
          components,
          metersCalls: isMetered,
          run: async (candidate, example, context) => ({
            ...runTokenTask(candidate, example),
            usage: await callProgram(calls, JSON.stringify([candidate, example.id]), contextOf(context)),
          }),
          reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
        },
        metric: async (args) => ({
          ...(tokenMetric()(args) as { score: number }),
          usage: await callModel('judge', JSON.stringify([args.example.id, args.output]), contextOf(args)),
        }),
        reflectionModel: Object.assign(
          async ({ prompt, ...context }: LanguageModelRequest) => ({
            text: `\`\`\`\nbase red ${Math.floor(chance(prompt) * 1e6)}\n\`\`\``,
            usage: await callModel('reflection', prompt, contextOf(context)),
          }),
          { metersCalls: isMetered },
        ),
        trainset: tokenExamples('train', 6),
        valset: tokenExamples('valid', 6),
        testset: tokenExamples('tests', 4),
        ...(isMetered
          ? { prices }
          : {
              reserve: {
                rollout: {
                  tokens: calls * callLimits.program.tokens + callLimits.judge.tokens,
                  costUsd: calls * callLimits.program.costUsd + callLimits.judge.costUsd,
                },
                reflection: callLimits.reflection,
              },
            }),
        signal: controller.signal,
        // A real timeout, short because hanging requests wait for it in full.
        rolloutTimeoutMs: hanging > 0 ? 60 : 30_000,
        retry: { retries: 40, minDelayMs: 0, maxDelayMs: 1 },
      });
      const { answered, usage, hung } = record;
      const orInfinity = (limit: number | undefined) => limit ?? Number.POSITIVE_INFINITY;
      expect(usage.inputTokens + usage.outputTokens).toBeLessThanOrEqual(orInfinity(limits.maxTokens));
      expect(usage.costUsd ?? 0).toBeLessThanOrEqual(orInfinity(limits.maxCostUsd));
      expect(answered.judge).toBeLessThanOrEqual(orInfinity(limits.maxMetricCalls) + timeouts);
      // The caller cannot know the usage of calls that were in flight when it gave up on them.
      if (timeouts > 0 || hung > 0 || answersLeft <= 0) {
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
});
