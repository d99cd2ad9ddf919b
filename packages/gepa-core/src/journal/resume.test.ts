// @module-tag slow

import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelCallUsage } from '../budget/usage.ts';
import { RolloutError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
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

/** Starts or resumes the run in a directory. */
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
  'no cache': {
    cacheEvaluation: false,
    samplingStrategy: { parents: 3, mutations: 1 },
    skipDuplicates: false,
  },
  'several objectives and the trainset as valset': {
    trainset: tokenExamples('both', 8),
    valset: tokenExamples('both', 8),
    frontierType: 'hybrid',
    metric: tokenMetric({ multiObjective: true }),
    candidateSelectionStrategy: 'epsilon_greedy',
  },
  'the adaptive search': {
    search: 'adaptive',
    testset: tokenExamples('tests', 4),
    valset: tokenExamples('valid', 30),
    maxMetricCalls: 240,
  },
  'the adaptive search, parallel tasks and repeated validation': {
    search: 'adaptive',
    samplingStrategy: { parents: 2, mutations: 1 },
    skipPerfectScore: false,
    maxMetricCalls: 260,
  },
  'the adaptive search, four proposals at once and merges of a single prompt': {
    search: 'adaptive',
    parallelProposals: 4,
    useMerge: true,
    components: ['prompt'],
    trainset: tokenExamples('train', 9, { components: ['prompt'] }),
    valset: tokenExamples('valid', 24, { components: ['prompt'] }),
    skipPerfectScore: false,
    maxMetricCalls: 260,
  },
};

describe.each(Object.entries(setups))('a run with %s', (name, setup) => {
  it(`a finished run with ${name} returns the same result when it is started again, without calls`, async () => {
    const runDir = join(root, 'run');
    const first = await session(runDir, setup);
    const again = await session(runDir, setup);
    expect(again.begun.size).toBe(0);
    expect(again.proposals).toBe(0);
    expect(again.decisions).toEqual(first.decisions);
    expect({ ...again.result, durationMs: 0, time: 0 }).toEqual({ ...first.result, durationMs: 0, time: 0 });
    expect(again.result.durationMs).toBeGreaterThanOrEqual(Math.floor(first.result.durationMs) - 1);
  });

  it(`a run with ${name} resumes from a journal cut off anywhere, makes the same decisions and repeats no call`, {
    tags: 'slow',
  }, async () => {
    const uncut = join(root, 'uncut');
    const first = await session(uncut, setup);
    const journal = readFileSync(journalOf(uncut));
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async (part) => {
        const runDir = join(root, String(directories++));
        const cut = journal.subarray(0, Math.floor(part * journal.length));
        const wholeLines = cut.subarray(0, cut.lastIndexOf(10) + 1);
        mkdirSync(runDir);
        writeFileSync(journalOf(runDir), cut);
        const kept = linesIn(wholeLines.toString('utf8'));
        const resumed = await session(runDir, setup);
        expect(resumed.decisions.slice(1)).toEqual(first.decisions.slice(1));
        const count = (type: string) => kept.filter((entry) => entry.type === type).length;
        const begun = [...resumed.begun.values()].reduce((sum, times) => sum + times, 0);
        const all = [...first.begun.values()].reduce((sum, times) => sum + times, 0);
        expect(begun).toBe(all - count('rollout'));
        expect(resumed.proposals).toBe(first.proposals - count('proposal'));
        // The journal still starts with the lines that were whole.
        expect(readFileSync(journalOf(runDir)).subarray(0, wholeLines.length).equals(wholeLines)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

it('a run resumed with a larger budget finds what one run with that budget finds', async () => {
  const runDir = join(root, 'run');
  const small = await session(runDir, { maxMetricCalls: 60 });
  const large = await session(runDir, { maxMetricCalls: 200 });
  const atOnce = await session(join(root, 'other'), { maxMetricCalls: 200 });
  expect(large.result.bestCandidate).toEqual(atOnce.result.bestCandidate);
  expect(large.decisions.slice(1)).toEqual(atOnce.decisions.slice(1));
  const begun = (run: typeof large) => [...run.begun.values()].reduce((sum, times) => sum + times, 0);
  expect(begun(small) + begun(large)).toBe(begun(atOnce));
});

it('an adaptive run resumed with other budgets repeats no call, stays within the budget, and can be replayed', async () => {
  const setup: TokenRunSetup = {
    search: 'adaptive',
    valset: tokenExamples('valid', 40),
    testset: tokenExamples('tests', 6),
  };
  const runDir = join(root, 'run');
  const begun = (run: { begun: Map<string, number> }) =>
    [...run.begun.values()].reduce((sum, times) => sum + times, 0);
  let total = 0;
  for (const maxMetricCalls of [90, 160, 300]) {
    const resumed = await session(runDir, { ...setup, maxMetricCalls });
    total += begun(resumed);
    expect(resumed.result.totalMetricCalls).toBe(total);
    expect(total).toBeLessThanOrEqual(maxMetricCalls);
    const again = await session(runDir, { ...setup, maxMetricCalls });
    expect(begun(again)).toBe(0);
    expect(again.decisions).toEqual(resumed.decisions);
  }
  const rollouts = linesOf(journalOf(runDir)).filter(({ type }) => type === 'rollout');
  const pairs = rollouts.map(({ textsId, example, occurrence }) => `${textsId} ${example} ${occurrence}`);
  expect(new Set(pairs).size).toBe(pairs.length);
});

it.each<[string, TokenRunSetup]>([
  ['in the middle of an iteration', { maxMetricCalls: 60 }],
  ['between iterations', { maxMetricCalls: 150, maxIterations: 2 }],
])('a testset scored by a session that ended %s counts once and is not scored again', async (_, limits) => {
  const testset = tokenExamples('tests', 6);
  const runDir = join(root, 'run');
  const small = await session(runDir, { ...limits, testset });
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
  ['in the middle of an iteration', { maxMetricCalls: 60 }],
  ['between iterations', { maxMetricCalls: 150, maxIterations: 1 }],
])(
  'a run with a testset that ended %s and resumes with a larger budget stays within that budget',
  async (end, limits) => {
    const setup: TokenRunSetup = {
      testset: tokenExamples('tests', 6),
      samplingStrategy: { parents: 3, mutations: 1 },
      acceptanceCriterion: 'improvement_or_equal',
    };
    for (let maxMetricCalls = 70; maxMetricCalls < 110; maxMetricCalls += 3) {
      const runDir = join(root, String(directories++));
      const small = await session(runDir, { ...setup, ...limits });
      const large = await session(runDir, { ...setup, maxMetricCalls });
      const begun = (run: typeof large) => [...run.begun.values()].reduce((sum, times) => sum + times, 0);
      expect(begun(small) + begun(large)).toBe(large.result.totalMetricCalls);
      expect(large.result.totalMetricCalls).toBeLessThanOrEqual(maxMetricCalls);
      // The budget covers the valset pass of every child.
      if (end === 'between iterations') {
        expect(large.result.candidates.every(({ coverage }) => coverage === 8)).toBe(true);
      }
    }
  },
);

it('a run resumed with a smaller budget reports the result and the spend of the larger one', async () => {
  const runDir = join(root, 'run');
  const large = await session(runDir, { maxMetricCalls: 150 });
  const small = await session(runDir, { maxMetricCalls: 60 });
  expect(small.begun.size).toBe(0);
  expect(small.result.candidates).toEqual(large.result.candidates);
  expect(small.result.spend).toEqual(large.result.spend);
});

it('resuming with maxCostUsd fails before any rollout if the costs of earlier sessions are unknown', async () => {
  const runDir = join(root, 'run');
  const usage = modelCallUsage({ model: 'small', inputTokens: 1_000 });
  const priced = (setup: TokenRunSetup) => {
    const run = tokenRun({ maxIterations: 2, runDir, ...setup });
    const { adapter } = run.options;
    const costly: typeof adapter.run = async (...args) => ({ ...(await adapter.run(...args)), usage });
    return { ...run, options: { ...run.options, adapter: { ...adapter, run: costly } } };
  };
  const first = await optimize(priced({}).options);
  const limited = priced({ maxIterations: 4, maxCostUsd: 1, reserve: { rollout: { costUsd: 0.01 } } });
  await expect(optimize(limited.options)).rejects.toThrow('cost of a rollout by small is unknown');
  expect(limited.begun.size).toBe(0);
  const rest = await optimize({ ...limited.options, prices: { small: { input: 1, output: 1 } } });
  expect(rest.usage.costUsd).toBeCloseTo(rest.totalMetricCalls / 1_000, 9);
  expect(rest.totalMetricCalls).toBeGreaterThan(first.totalMetricCalls);
});

describe('sessions that end by a timer', () => {
  useFakeTime();

  it('rollouts that an earlier session aborted stay charged at their maximum', async () => {
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
    const notes = next.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    expect(notes.join()).toContain('400 of maxTokens stays reserved');
    expect(next.result.warnings.join()).not.toContain('stays reserved');
    // Besides the 400 tokens, 450 leave no room for another rollout.
    const less = await session(runDir, {
      maxTokens: 450,
      reserve,
      cacheEvaluation: true,
      maxMetricCalls: 300,
    });
    expect(less.result.stopReason).toBe('maxTokens');
    expect(less.result.warnings.join()).toContain('400 of maxTokens stays reserved');
  });

  it('a run resumes after an abort, an outage and maxDurationMs, each in its own session', async () => {
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
});

it('a run that resumes scores the examples that an outage left out, and later resumptions repeat nothing', async () => {
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

it('the usage of failed attempts of an earlier session counts after a resume', async () => {
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

it('the proposer receives the same records in a resumed run as in an uninterrupted one', async () => {
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
    await session(runDir, { ...seeing(list), maxIterations: cut ? 3 : 6 });
    if (cut) {
      const size = readFileSync(journalOf(runDir)).length;
      truncateSync(journalOf(runDir), Math.floor(size * 0.99));
      await session(runDir, seeing(list));
    }
    shown.push(list);
  }
  expect(shown[1]!.slice(-3)).toEqual(shown[0]!.slice(-3));
});
