// @module-tag slow
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelCallUsage } from '../budget/usage.ts';
import { RolloutError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { type TokenRunSetup, tokenExamples, tokenRun, withoutTimes } from '../testing/fixtures/token-run.ts';
import { tokenMetric } from '../testing/token-task.ts';

let root: string;
let directories = 0;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-run-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const journalOf = (runDir: string) => join(runDir, 'journal.jsonl');
const linesOf = (path: string) => linesIn(readFileSync(path, 'utf8'));
const linesIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A run into a directory, or the rest of one. */
async function session(runDir: string, setup: TokenRunSetup) {
  let proposals = 0;
  const run = tokenRun({ ...setup, runDir });
  const { propose } = run.options;
  const result = await optimize({
    ...run.options,
    propose: async (request) => {
      proposals++;
      return propose!(request);
    },
  });
  return { ...run, result, proposals, decisions: withoutTimes(run.decisions()) };
}

const setups: Record<string, TokenRunSetup> = {
  'one task per iteration': { testset: tokenExamples('tests', 4), maxMetricCalls: 160 },
  'P×N with merges': {
    samplingStrategy: { parents: 2, mutations: 2 },
    useMerge: true,
    maxMergeInvocations: 3,
    mergeValOverlapFloor: 1,
    components: ['extract', 'route', 'answer'],
  },
  'without a cache': { cacheEvaluation: false, samplingStrategy: { independent: 3 }, skipDuplicates: false },
  'several objectives, a valset that is the trainset': {
    trainset: tokenExamples('both', 8),
    valset: tokenExamples('both', 8),
    frontierType: 'hybrid',
    metric: tokenMetric({ multiObjective: true }),
    candidateSelectionStrategy: 'epsilon_greedy',
  },
};

describe.each(Object.entries(setups))('a run of %s', (_, setup) => {
  it('that ended tells its result again at once', async () => {
    const runDir = join(root, 'run');
    const first = await session(runDir, setup);
    const again = await session(runDir, setup);
    expect(again.begun.size).toBe(0);
    expect(again.proposals).toBe(0);
    expect(again.decisions).toEqual(first.decisions);
    expect({ ...again.result, durationMs: 0, time: 0 }).toEqual({ ...first.result, durationMs: 0, time: 0 });
    expect(again.result.durationMs).toBeGreaterThanOrEqual(Math.floor(first.result.durationMs) - 1);
  });

  it('that was cut off anywhere goes on as if it had not been, and runs nothing twice', async () => {
    const uncut = join(root, 'uncut');
    const first = await session(uncut, setup);
    const journal = readFileSync(journalOf(uncut));
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async (part) => {
        const runDir = join(root, String(directories++));
        const cut = journal.subarray(0, Math.floor(part * journal.length));
        const whole = cut.subarray(0, cut.lastIndexOf(10) + 1);
        mkdirSync(runDir);
        writeFileSync(journalOf(runDir), cut);
        const kept = linesIn(whole.toString('utf8'));
        const rest = await session(runDir, setup);
        expect(rest.decisions.slice(1)).toEqual(first.decisions.slice(1));
        const count = (type: string) => kept.filter((entry) => entry.type === type).length;
        const begun = [...rest.begun.values()].reduce((sum, times) => sum + times, 0);
        const all = [...first.begun.values()].reduce((sum, times) => sum + times, 0);
        expect(begun).toBe(all - count('rollout'));
        expect(rest.proposals).toBe(first.proposals - count('proposal'));
        // Whatever was in the file is there still, but for a line that was cut.
        expect(readFileSync(journalOf(runDir)).subarray(0, whole.length).equals(whole)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

it('goes on with a larger budget, and finds what a run with that budget finds', async () => {
  const runDir = join(root, 'run');
  const small = await session(runDir, { maxMetricCalls: 60 });
  const large = await session(runDir, { maxMetricCalls: 200 });
  const atOnce = await session(join(root, 'other'), { maxMetricCalls: 200 });
  expect(large.result.bestCandidate).toEqual(atOnce.result.bestCandidate);
  expect(large.decisions.slice(1)).toEqual(atOnce.decisions.slice(1));
  const begun = (run: typeof large) => [...run.begun.values()].reduce((sum, times) => sum + times, 0);
  expect(begun(small) + begun(large)).toBe(begun(atOnce));
});

it.each<[string, TokenRunSetup]>([
  ['in the midst of an iteration', { maxMetricCalls: 60 }],
  ['between iterations', { maxMetricCalls: 150, maxIterations: 2 }],
])('counts a testset that was scored at a former end %s, and does not pay for it again', async (_, bound) => {
  const testset = tokenExamples('tests', 6);
  const runDir = join(root, 'run');
  const small = await session(runDir, { ...bound, testset });
  const large = await session(runDir, { maxMetricCalls: 150, testset });
  const begun = (run: typeof large) => [...run.begun.values()].reduce((sum, times) => sum + times, 0);
  expect(large.result.totalMetricCalls).toBe(begun(small) + begun(large));
  expect(large.result.totalMetricCalls).toBeLessThanOrEqual(150);
  expect(large.result.test).toBeDefined();
  const rollouts = linesOf(journalOf(runDir)).filter(({ type }) => type === 'rollout');
  expect(rollouts).toHaveLength(large.result.totalMetricCalls);

  const again = await session(runDir, { maxMetricCalls: 150, testset });
  expect(again.begun.size).toBe(0);
  expect(again.decisions).toEqual(large.decisions);
});

it.each<[string, TokenRunSetup]>([
  ['in the midst of an iteration', { maxMetricCalls: 60 }],
  ['between iterations', { maxMetricCalls: 150, maxIterations: 1 }],
])('keeps to a larger budget after an end %s with a testset', async (where, bound) => {
  const setup: TokenRunSetup = {
    testset: tokenExamples('tests', 6),
    samplingStrategy: { independent: 3 },
    acceptanceCriterion: 'improvement_or_equal',
  };
  for (let maxMetricCalls = 70; maxMetricCalls < 110; maxMetricCalls += 3) {
    const runDir = join(root, String(directories++));
    const small = await session(runDir, { ...setup, ...bound });
    const large = await session(runDir, { ...setup, maxMetricCalls });
    const begun = (run: typeof large) => [...run.begun.values()].reduce((sum, times) => sum + times, 0);
    expect(begun(small) + begun(large)).toBe(large.result.totalMetricCalls);
    expect(large.result.totalMetricCalls).toBeLessThanOrEqual(maxMetricCalls);
    // No iteration is begun that cannot be paid to its end.
    if (where === 'between iterations') {
      expect(large.result.candidates.every(({ coverage }) => coverage === 8)).toBe(true);
    }
  }
});

it('tells and counts what was found under a larger bound, too', async () => {
  const runDir = join(root, 'run');
  const large = await session(runDir, { maxMetricCalls: 150 });
  const small = await session(runDir, { maxMetricCalls: 60 });
  expect(small.begun.size).toBe(0);
  expect(small.result.candidates).toEqual(large.result.candidates);
  expect(small.result.spend).toEqual(large.result.spend);
});

it('counts against a bound what an earlier session gave up on, and may be billed for', async () => {
  const runDir = join(root, 'run');
  const maxTokens = 1_000;
  const reserve = { rollout: { tokens: 100 } };
  const controller = new AbortController();
  const hung = await session(runDir, {
    maxTokens,
    reserve,
    concurrency: 4,
    before: ({ previousRuns }) => {
      if (previousRuns === 0) setTimeout(() => controller.abort(), 20);
      return new Promise(() => {});
    },
    signal: controller.signal,
  });
  expect(hung.result).toMatchObject({ stopReason: 'aborted', totalMetricCalls: 0 });
  const next = await session(runDir, { maxTokens, reserve, concurrency: 1 });
  const notes = next.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  expect(notes.join()).toContain('400 of maxTokens is set aside');
  expect(next.result.warnings.join()).not.toContain('set aside');
  // Beside them there is no room for a single one.
  const less = await session(runDir, { maxTokens: 450, reserve, cacheEvaluation: true, maxMetricCalls: 300 });
  expect(less.result.stopReason).toBe('maxTokens');
});

it('is refused before anything is run, with a bound on costs that earlier sessions did not tell', async () => {
  const runDir = join(root, 'run');
  const usage = modelCallUsage({ model: 'small', inputTokens: 1_000 });
  const priced = (setup: TokenRunSetup) => {
    const run = tokenRun({ maxIterations: 2, runDir, ...setup });
    const { adapter } = run.options;
    const costly: typeof adapter.run = async (...args) => ({ ...(await adapter.run(...args)), usage });
    return { ...run, options: { ...run.options, adapter: { ...adapter, run: costly } } };
  };
  const first = await optimize(priced({}).options);
  const bounded = priced({ maxIterations: 4, maxCostUsd: 1, reserve: { rollout: { costUsd: 0.01 } } });
  await expect(optimize(bounded.options)).rejects.toThrow('cost of a rollout by small is unknown');
  expect(bounded.begun.size).toBe(0);
  const rest = await optimize({ ...bounded.options, prices: { small: { input: 1, output: 1 } } });
  expect(rest.usage.costUsd).toBeCloseTo(rest.totalMetricCalls / 1_000, 9);
  expect(rest.totalMetricCalls).toBeGreaterThan(first.totalMetricCalls);
});

it('goes on after an abort, an outage and a deadline, each in its own session', async () => {
  const runDir = join(root, 'run');
  const atOnce = await session(join(root, 'other'), { maxMetricCalls: 120 });
  const controller = new AbortController();
  const aborted = await session(runDir, {
    maxMetricCalls: 120,
    signal: controller.signal,
    before: ({ context }) => {
      if (context.iteration === 2) controller.abort();
    },
  });
  expect(aborted.result.stopReason).toBe('aborted');
  const down = await session(runDir, {
    maxMetricCalls: 120,
    retry: { retries: 0 },
    before: ({ context }) => {
      if (context.iteration === 4) throw Object.assign(new Error('no'), { status: 401 });
    },
  });
  expect(down.result.stopReason).toBe('providerUnavailable');
  const late = await session(runDir, {
    maxMetricCalls: 120,
    maxDurationMs: 1,
    before: () => new Promise((resolve) => setTimeout(resolve, 5)),
  });
  expect(late.result.stopReason).toBe('maxDurationMs');
  const last = await session(runDir, { maxMetricCalls: 120 });
  expect(last.decisions.slice(1)).toEqual(atOnce.decisions.slice(1));
  const ends = linesOf(journalOf(runDir)).filter(({ type }) => type === 'ended');
  expect(ends.map(({ reason }) => reason)).toEqual([
    'aborted',
    'providerUnavailable',
    'maxDurationMs',
    last.result.stopReason,
  ]);
});

it('takes what could not be had at an end as not tried, also when the run has gone on since', async () => {
  const runDir = join(root, 'run');
  const gap = await session(runDir, {
    maxIterations: 2,
    retry: { retries: 0 },
    before: ({ context, example }) => {
      if (context.iteration === 2 && example.id === 'valid-2') {
        throw Object.assign(new Error('busy'), { status: 429 });
      }
    },
  });
  expect(gap.result.candidates.at(-1)!.coverage).toBe(7);
  const filled = await session(runDir, { maxIterations: 4 });
  expect(filled.result.candidates.every(({ coverage }) => coverage === 8)).toBe(true);
  const again = await session(runDir, { maxIterations: 4 });
  expect(again.begun.size).toBe(0);
  expect(again.decisions).toEqual(filled.decisions);
});

it('counts what failed tries cost before an end', async () => {
  const runDir = join(root, 'run');
  const controller = new AbortController();
  const usage = modelCallUsage({ inputTokens: 5, outputTokens: 1 });
  const aborted = await session(runDir, {
    maxIterations: 2,
    signal: controller.signal,
    retry: { minDelayMs: 60_000, maxDelayMs: 60_000 },
    onEvent: ({ type }) => {
      if (type === 'retried') controller.abort();
    },
    before: ({ context }) => {
      if (context.iteration < 2) return;
      throw new RolloutError('busy', { cause: Object.assign(new Error('busy'), { status: 429 }), usage });
    },
  });
  expect(aborted.result.stopReason).toBe('aborted');
  expect(aborted.result.usage.modelCalls).toBeGreaterThan(0);
  const rest = await session(runDir, { maxIterations: 2 });
  expect(rest.result.spend).toMatchObject({ minibatch: { usage: aborted.result.usage } });
  expect(rest.result.retries).toBe(aborted.result.retries);
});

it('shows the reflection model the same after a resumption as before', async () => {
  const shown: string[][] = [];
  const seeing = (list: string[]): TokenRunSetup => ({
    maxIterations: 6,
    propose: async ({ records, candidate, components }) => {
      list.push(JSON.stringify(records));
      return Object.fromEntries(components.map((name) => [name, `${candidate[name]} x${list.length}`]));
    },
    acceptanceCriterion: 'improvement_or_equal',
  });
  for (const cut of [false, true]) {
    const list: string[] = [];
    const runDir = join(root, String(cut));
    await session(runDir, { ...seeing(list), ...(cut ? { maxIterations: 3 } : {}) });
    if (cut) {
      const size = readFileSync(journalOf(runDir)).length;
      truncateSync(journalOf(runDir), Math.floor(size * 0.99));
      await session(runDir, seeing(list));
    }
    shown.push(list);
  }
  expect(shown[1]!.slice(-3)).toEqual(shown[0]!.slice(-3));
});
