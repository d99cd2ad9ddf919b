// @module-tag slow
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { RunError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { replay } from '../report/result-of.ts';
import type { OptimizationResult } from '../result.ts';
import {
  callLimits,
  prices,
  reportedPhases,
  SimulatedProvider,
} from '../testing/fixtures/simulated-provider.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { tokenRecords } from '../testing/token-task.ts';
import { addUsage } from './usage.ts';

let root: string;
let directories = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-bounds-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
// Work that takes long pauses for a turn, after which a call may be neither in flight nor in the journal. Here none does.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** How a session is cut short: after a number of attempts. */
const interruption = fc.record({
  how: fc.constantFrom('aborted' as const, 'killed' as const),
  afterAttempts: fc.integer({ min: 1, max: 120 }),
});

const mix = fc.record({
  limits: fc.record(
    {
      maxTokens: fc.integer({ min: 40, max: 6_000 }),
      maxCostUsd: fc.integer({ min: 40, max: 6_000 }).map((n) => n / 1024),
      maxMetricCalls: fc.integer({ min: 20, max: 160 }),
    },
    { requiredKeys: [] },
  ),
  maxIterations: fc.integer({ min: 1, max: 12 }),
  /** Whether the program announces each model call, or `reserve` states the maximum per rollout. */
  isMetered: fc.boolean(),
  testset: fc.integer({ min: 0, max: 4 }),
  options: fc.record({
    seed: fc.nat({ max: 1_000 }),
    samplingStrategy: fc.constantFrom(
      'single' as const,
      { parents: 2, mutations: 2 },
      { parents: 3, mutations: 1 },
      { parents: 1, mutations: 3 },
    ),
    selectionStrategy: fc.constantFrom('all' as const, 'best' as const),
    acceptanceCriterion: fc.constantFrom('strict_improvement' as const, 'improvement_or_equal' as const),
    componentSelector: fc.constantFrom('round_robin' as const, 'all' as const),
    useMerge: fc.boolean(),
    search: fc.constantFrom('adaptive' as const, 'reference' as const),
    concurrency: fc.constantFrom(1, 3, 16),
  }),
  cacheEvaluation: fc.boolean(),
  retries: fc.constantFrom(1, 4, 20),
  failureRate: fc.constantFrom(0, 0.3, 0.5),
  hasJudge: fc.boolean(),
  interruptions: fc.array(interruption, { maxLength: 2 }),
  /** The factor by which the limits grow from session to session. */
  growth: fc.constantFrom(1, 1, 1.5),
  hasDirectory: fc.boolean(),
});

const reserve = {
  rollout: {
    tokens: callLimits.program.tokens + callLimits.judge.tokens,
    costUsd: callLimits.program.costUsd + callLimits.judge.costUsd,
  },
  reflection: callLimits.reflection,
};

it('a run exceeds no limit and reports every call, compared with the records of a simulated provider', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async (drawn) => {
      const { limits, isMetered, testset, failureRate, hasJudge, growth, interruptions } = drawn;
      const { maxTokens, maxCostUsd, maxMetricCalls } = limits;
      // `optimize` rejects a limit below the reservation for a single call.
      const admits = (limit: number | undefined, of: 'tokens' | 'costUsd') =>
        limit === undefined || limit >= Math.max(reserve.rollout[of], reserve.reflection[of]);
      fc.pre(admits(maxTokens, 'tokens') && admits(maxCostUsd, 'costUsd'));
      const provider = new SimulatedProvider({ failureRate, retries: drawn.retries, hasJudge, isMetered });
      // The provider identifies the open rollouts of a killed process by their pair, so no pair may run twice.
      const cacheEvaluation = drawn.cacheEvaluation || interruptions.some(({ how }) => how === 'killed');
      const needsDirectory = drawn.hasDirectory || interruptions.length > 0;
      let runDir = needsDirectory ? join(root, String(directories++)) : undefined;
      const tests = tokenExamples('tests', testset);
      const sessions = [...interruptions, undefined];
      let elapsedMs = 0;

      for (const [number, interruption] of sessions.entries()) {
        const scale = growth ** number;
        const scaled = {
          ...(maxTokens === undefined ? {} : { maxTokens: Math.ceil(maxTokens * scale) }),
          ...(maxCostUsd === undefined ? {} : { maxCostUsd: maxCostUsd * scale }),
          ...(maxMetricCalls === undefined ? {} : { maxMetricCalls: Math.ceil(maxMetricCalls * scale) }),
          maxIterations: Math.ceil(drawn.maxIterations * scale),
        };
        const controller = new AbortController();
        let attemptsLeft = interruption?.afterAttempts ?? Number.POSITIVE_INFINITY;
        let nextDir = runDir;
        provider.resume();
        const startedAt = performance.now();
        provider.onAttempt = () => {
          vi.advanceTimersByTime(1);
          if (--attemptsLeft !== 0) return;
          // By the next turn the engine has settled every answer it received; all other calls are in flight.
          setImmediate(function interrupt() {
            if (isDone) return;
            if (interruption!.how === 'killed') {
              if (provider.hasUnsettledFailure) return void setImmediate(interrupt);
              nextDir = join(root, String(directories++));
              mkdirSync(nextDir);
              copyFileSync(join(runDir!, 'journal.jsonl'), join(nextDir, 'journal.jsonl'));
              provider.loseOpenCalls();
            }
            provider.hasSessionEnded = true;
            controller.abort();
          });
        };
        const run = tokenRun({
          trainset: tokenExamples('train', 6),
          // A smaller one would be scored again by the adaptive search.
          valset: tokenExamples('valid', drawn.options.search === 'adaptive' ? 20 : 6),
        });
        const { propose, maxMetricCalls: _, ...base } = run.options;
        let result: OptimizationResult | undefined;
        let isDone = false;
        try {
          result = await optimize({
            ...base,
            ...drawn.options,
            ...scaled,
            ...(isMetered ? { prices } : { reserve }),
            ...(testset === 0 ? {} : { testset: tests }),
            ...(runDir === undefined ? {} : { runDir }),
            adapter: {
              components: base.adapter.components,
              run: provider.program,
              metersCalls: isMetered,
              reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
            },
            metric: provider.metric,
            reflectionModel: Object.assign(provider.reflection, { metersCalls: isMetered }),
            reflectionPromptTemplate: 'The text is [<curr_param>]. <side_info>',
            cacheEvaluation,
            mergeValOverlapFloor: 1,
            retry: { minDelayMs: 0, maxDelayMs: 0, retries: drawn.retries },
            signal: controller.signal,
          });
        } catch (error) {
          if (!RunError.isInstance(error)) throw error;
          result = error.result;
        }
        isDone = true;
        // The journal counts whole milliseconds.
        elapsedMs += performance.now() - startedAt + 1;
        const wasInterrupted = interruption !== undefined && provider.hasSessionEnded;
        const wasKilled = wasInterrupted && interruption.how === 'killed';
        runDir = nextDir;

        expect(provider.lateAttempts).toBe(0);
        const { usage, spend } = provider;
        const tokens = usage.inputTokens + usage.outputTokens;
        const billed = addUsage(usage, provider.lostUsage);
        const calls = spend.reduce((sum, { metricCalls }) => sum + metricCalls, 0);
        expect(calls).toBeLessThanOrEqual(scaled.maxMetricCalls ?? Number.POSITIVE_INFINITY);
        expect(billed.inputTokens + billed.outputTokens).toBeLessThanOrEqual(
          scaled.maxTokens ?? Number.POSITIVE_INFINITY,
        );
        expect(billed.costUsd ?? 0).toBeLessThanOrEqual(scaled.maxCostUsd ?? Number.POSITIVE_INFINITY);

        if (result === undefined || wasKilled) continue;
        expect(result.iterations).toBeLessThanOrEqual(scaled.maxIterations);
        expect(reportedPhases.map((phase) => ({ phase, ...result.spend[phase] }))).toEqual(spend);
        expect(result.usage).toEqual(usage);
        expect(result.totalMetricCalls).toBe(calls);
        expect(replay(run.decisions())).toEqual(result);

        // A first session that ends by itself uses its limits up, except for the part reserved for the testset.
        if (number > 0 || wasInterrupted) continue;
        const unspent = (limit: number | undefined, spent: number) => (limit ?? Number.NaN) - spent;
        const maxUnspent = (of: 'tokens' | 'costUsd') =>
          Math.max(reserve.rollout[of], reserve.reflection[of]) + (1 + 2.5 * testset) * reserve.rollout[of];
        if (result.stopReason === 'maxTokens') {
          expect(unspent(scaled.maxTokens, tokens)).toBeLessThan(maxUnspent('tokens'));
        }
        if (result.stopReason === 'maxCostUsd') {
          expect(unspent(scaled.maxCostUsd, usage.costUsd ?? 0)).toBeLessThan(maxUnspent('costUsd'));
        }

        const spans = Object.values(result.time);
        expect(Math.min(...spans)).toBeGreaterThanOrEqual(0);
        expect(spans.reduce((sum, ms) => sum + ms, 0)).toBe(result.durationMs);
        expect(result.durationMs).toBeLessThanOrEqual(elapsedMs);
      }
    }),
    { numRuns: 200 },
  );
});
