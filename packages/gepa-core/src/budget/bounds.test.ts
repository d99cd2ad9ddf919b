// @module-tag slow
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import type { OptimizationResult } from '../result.ts';
import { replay } from '../search/state.ts';
import { ceilings, lines, prices, SimulatedProvider } from '../testing/fixtures/simulated-provider.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { tokenRecords } from '../testing/token-task.ts';
import { addUsage } from './usage.ts';

let root: string;
let directories = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-bounds-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** How a session ends before its time: after so many tries. */
const ending = fc.record({
  how: fc.constantFrom('aborted' as const, 'killed' as const),
  after: fc.integer({ min: 1, max: 120 }),
});

const mix = fc.record({
  bounds: fc.record(
    {
      maxTokens: fc.integer({ min: 40, max: 6_000 }),
      maxCostUsd: fc.integer({ min: 40, max: 6_000 }).map((n) => n / 1024),
      maxMetricCalls: fc.integer({ min: 20, max: 160 }),
    },
    { requiredKeys: [] },
  ),
  maxIterations: fc.integer({ min: 1, max: 12 }),
  /** Whether calls are told of one by one, or it is said before what they can cost. */
  metered: fc.boolean(),
  testset: fc.integer({ min: 0, max: 4 }),
  options: fc.record({
    seed: fc.nat({ max: 1_000 }),
    samplingStrategy: fc.constantFrom(
      'single' as const,
      { parents: 2, mutations: 2 },
      { independent: 3 },
      { sameParent: 3 },
    ),
    selectionStrategy: fc.constantFrom('all' as const, 'best' as const),
    acceptanceCriterion: fc.constantFrom('strict_improvement' as const, 'improvement_or_equal' as const),
    componentSelector: fc.constantFrom('round_robin' as const, 'all' as const),
    useMerge: fc.boolean(),
    concurrency: fc.constantFrom(1, 3, 16),
  }),
  cacheEvaluation: fc.boolean(),
  retries: fc.constantFrom(1, 4, 20),
  failures: fc.constantFrom(0, 0.3, 0.5),
  judged: fc.boolean(),
  endings: fc.array(ending, { maxLength: 2 }),
  /** By how much the bounds grow from session to session. */
  growth: fc.constantFrom(1, 1, 1.5),
  hasDirectory: fc.boolean(),
});

const reserve = {
  rollout: {
    tokens: ceilings.program.tokens + ceilings.judge.tokens,
    costUsd: ceilings.program.costUsd + ceilings.judge.costUsd,
  },
  reflection: ceilings.reflection,
};

it('no bound is crossed and every call is accounted for, by the books of the provider', async () => {
  await fc.assert(
    fc.asyncProperty(mix, async (drawn) => {
      const { bounds, metered, testset, failures, judged, growth, endings } = drawn;
      const { maxTokens, maxCostUsd, maxMetricCalls } = bounds;
      // A bound below what is to be set aside for a single call is refused.
      const grants = (bound: number | undefined, of: 'tokens' | 'costUsd') =>
        bound === undefined || bound >= Math.max(reserve.rollout[of], reserve.reflection[of]);
      fc.pre(grants(maxTokens, 'tokens') && grants(maxCostUsd, 'costUsd'));
      const provider = new SimulatedProvider({ failures, retries: drawn.retries, judged, metered });
      // A process that was killed, and what it had begun, are told apart by the pair.
      const cacheEvaluation = drawn.cacheEvaluation || endings.some(({ how }) => how === 'killed');
      const needsDirectory = drawn.hasDirectory || endings.length > 0;
      let runDir = needsDirectory ? join(root, String(directories++)) : undefined;
      const tests = tokenExamples('tests', testset);
      const sessions = [...endings, undefined];
      let elapsedMs = 0;

      for (const [number, end] of sessions.entries()) {
        const scale = growth ** number;
        const scaled = {
          ...(maxTokens === undefined ? {} : { maxTokens: Math.ceil(maxTokens * scale) }),
          ...(maxCostUsd === undefined ? {} : { maxCostUsd: maxCostUsd * scale }),
          ...(maxMetricCalls === undefined ? {} : { maxMetricCalls: Math.ceil(maxMetricCalls * scale) }),
          maxIterations: Math.ceil(drawn.maxIterations * scale),
        };
        const controller = new AbortController();
        let left = end?.after ?? Number.POSITIVE_INFINITY;
        let nextDir = runDir;
        provider.takeUp();
        const startedAt = performance.now();
        provider.onTry = () => {
          if (--left !== 0) return;
          // What has reached the engine by then has been dealt with; anything else is under way.
          setImmediate(function cut() {
            if (isDone) return;
            if (end!.how === 'killed' && provider.isInDoubt) return void setImmediate(cut);
            if (end!.how === 'killed') {
              nextDir = join(root, String(directories++));
              mkdirSync(nextDir);
              copyFileSync(join(runDir!, 'journal.jsonl'), join(nextDir, 'journal.jsonl'));
              provider.forgetOpen();
            }
            provider.isOver = true;
            controller.abort();
          });
        };
        const run = tokenRun({ trainset: tokenExamples('train', 6), valset: tokenExamples('valid', 6) });
        const { propose, maxMetricCalls: _, ...base } = run.options;
        let result: OptimizationResult | undefined;
        let isDone = false;
        try {
          result = await optimize({
            ...base,
            ...drawn.options,
            ...scaled,
            ...(metered ? { prices } : { reserve }),
            ...(testset === 0 ? {} : { testset: tests }),
            ...(runDir === undefined ? {} : { runDir }),
            adapter: {
              components: base.adapter.components,
              run: provider.program,
              metersCalls: metered,
              reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
            },
            metric: provider.metric,
            reflectionModel: Object.assign(provider.reflection, { metersCalls: metered }),
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
        // A journal tells milliseconds.
        elapsedMs += performance.now() - startedAt + 1;
        const wasCut = end !== undefined && provider.isOver;
        const wasKilled = wasCut && end.how === 'killed';
        runDir = nextDir;

        expect(provider.lateTries).toBe(0);
        const { usage, spend } = provider;
        const tokens = usage.inputTokens + usage.outputTokens;
        const all = addUsage(usage, provider.lost);
        const calls = spend.reduce((sum, { metricCalls }) => sum + metricCalls, 0);
        expect(calls).toBeLessThanOrEqual(scaled.maxMetricCalls ?? Number.POSITIVE_INFINITY);
        expect(all.inputTokens + all.outputTokens).toBeLessThanOrEqual(
          scaled.maxTokens ?? Number.POSITIVE_INFINITY,
        );
        expect(all.costUsd ?? 0).toBeLessThanOrEqual(scaled.maxCostUsd ?? Number.POSITIVE_INFINITY);

        if (result === undefined || wasKilled) continue;
        expect(result.iterations).toBeLessThanOrEqual(scaled.maxIterations);
        expect(lines.map((line) => ({ line, ...result.spend[line] }))).toEqual(spend);
        expect(result.usage).toEqual(usage);
        expect(result.totalMetricCalls).toBe(calls);
        expect(replay(run.decisions())).toEqual(result);

        // The bounds are used as far as they go, but for what was set aside for the testset, or for what was given up on.
        if (number > 0 || wasCut) continue;
        const rest = (limit: number | undefined, spent: number) => (limit ?? Number.NaN) - spent;
        const most = (of: 'tokens' | 'costUsd') =>
          Math.max(reserve.rollout[of], reserve.reflection[of]) + (1 + 2.5 * testset) * reserve.rollout[of];
        if (result.stopReason === 'maxTokens') {
          expect(rest(scaled.maxTokens, tokens)).toBeLessThan(most('tokens'));
        }
        if (result.stopReason === 'maxCostUsd') {
          expect(rest(scaled.maxCostUsd, usage.costUsd ?? 0)).toBeLessThan(most('costUsd'));
        }

        const spans = Object.values(result.time);
        expect(Math.min(...spans)).toBeGreaterThanOrEqual(0);
        expect(spans.reduce((sum, ms) => sum + ms, 0)).toBe(result.durationMs);
        expect(result.durationMs).toBeLessThanOrEqual(elapsedMs);
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);
