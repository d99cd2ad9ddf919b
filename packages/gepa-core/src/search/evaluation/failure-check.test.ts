import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunContext } from '../../adapter/adapter.ts';
import { Outage } from '../../calls/outage.ts';
import type { Candidate } from '../../component.ts';
import { optimize } from '../../optimize.ts';
import { Random } from '../../statistics/random.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { tokenMetric } from '../../testing/token-task.ts';
import { FailureCheck } from './failure-check.ts';

const testset = tokenExamples('tests', 10);
const isSeed = (candidate: Candidate) => Object.values(candidate).every((text) => text === 'base');
const sessionEnded = () => {
  throw new Error('session ended');
};

/** A run whose session ends for good as soon as `ends` is true for a rollout. */
function expiring(
  ends: (run: {
    readonly context: RunContext;
    readonly candidate: Candidate;
    readonly id: string;
  }) => boolean,
  setup: TokenRunSetup = {},
) {
  let hasEnded = false;
  return tokenRun({
    testset,
    ...setup,
    before({ context, candidate, example }) {
      hasEnded ||= ends({ context, candidate, id: example.id });
      if (hasEnded) sessionEnded();
    },
  });
}

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-failure-check-'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('a session that ends, with an error that looks like any other', () => {
  it.each([
    ['before the testset', 'tests-0', true],
    ['while the seed is tested', 'tests-4', true],
    ['while the best candidate is tested', 'tests-0', false],
    ['before the last test example of the best candidate', 'tests-9', false],
  ])(
    'after an outage on the testset, the result has a warning and no test scores: %s',
    async (_, id, ofSeed) => {
      const run = expiring(
        ({ context, candidate, ...example }) =>
          context.phase === 'testset' && example.id === id && isSeed(candidate) === ofSeed,
        { concurrency: 3 },
      );
      const { test, stopReason, warnings, bestIndex } = await optimize(run.options);
      expect(stopReason).toBe('providerUnavailable');
      expect(test).toBeUndefined();
      expect(bestIndex).toBeGreaterThan(0);
      expect(warnings.join()).toMatch(
        /The testset was not scored: .*the seed candidate failed too.*session ended/,
      );
    },
  );

  it('an outage in a valset pass ends the run, and the candidate keeps only the scores from before', async () => {
    const run = expiring(
      ({ context, id }) => context.phase === 'valset' && context.iteration > 2 && id === 'valid-5',
      { concurrency: 1 },
    );
    const { candidates, stopReason, test } = await optimize(run.options);
    expect(stopReason).toBe('providerUnavailable');
    expect(test).toBeUndefined();
    expect(candidates.at(-1)!.scores.slice(5)).toEqual([null, null, null]);
    expect(candidates.at(-1)!.coverage).toBe(5);
  });

  it('an outage while the seed is scored ends the run with the scores from before', async () => {
    const run = expiring(({ id }) => id === 'valid-4', { concurrency: 1 });
    const { candidates, stopReason } = await optimize(run.options);
    expect(stopReason).toBe('providerUnavailable');
    expect(candidates[0]!.scores.slice(4)).toEqual([null, null, null, null]);
  });

  it('an outage in a minibatch ends the run before a reflection is paid for', async () => {
    let proposals = 0;
    const run = expiring(({ context }) => context.phase === 'minibatch' && context.iteration === 3, {
      propose: async ({ candidate }) => ({ extract: `${candidate.extract} red${++proposals}` }),
      acceptanceCriterion: 'improvement_or_equal',
    });
    const { stopReason } = await optimize(run.options);
    expect(stopReason).toBe('providerUnavailable');
    expect(proposals).toBe(2);
  });

  it('failures of a metric can be an outage too: a judge whose session ends', async () => {
    const { metric, ...options } = tokenRun({ testset }).options;
    let calls = 0;
    const result = await optimize({
      ...options,
      maxIterations: 4,
      metric: (args) => (++calls > 60 ? sessionEnded() : metric(args)),
    });
    expect(result.stopReason).toBe('providerUnavailable');
    expect(result.test).toBeUndefined();
  });
});

describe('failures of a candidate', () => {
  it('a candidate that breaks the program on every example scores failureScore, and the run goes on', async () => {
    const run = tokenRun({
      testset,
      maxIterations: 5,
      acceptanceCriterion: () => true,
      before: ({ candidate }) => {
        if (!isSeed(candidate)) throw new Error('the template has a syntax error');
      },
    });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('maxIterations');
    expect(result.bestIndex).toBe(0);
    expect(result.candidates.length).toBeGreaterThan(3);
    for (const { scores } of result.candidates.slice(1)) expect(scores).toEqual(new Array(8).fill(0));
    expect(result.test).toMatchObject({ size: 10, gain: 0 });
    // One probe answers for each minibatch and each valset pass that failed.
    const probes = [...run.begun].find(
      ([pair]) => pair.includes('"extract":"base"') && pair.includes('valid-0'),
    );
    expect(probes![1]).toBe(1 + 2 * (result.candidates.length - 1));
    expect(result.totalMetricCalls).toBe(run.rollouts());
  });

  it('a child that fails on scattered examples of the valset, unlike its parent, causes a warning', async () => {
    const run = tokenRun({
      valset: tokenExamples('valid', 30),
      maxIterations: 2,
      acceptanceCriterion: () => true,
      before: ({ candidate, example }) => {
        if (!isSeed(candidate) && /valid-\d*[13579]$/.test(example.id) && example.id !== 'valid-29')
          throw new Error('connection lost');
      },
    });
    const { warnings } = await optimize(run.options);
    expect(warnings.join('\n')).toMatch(
      /Candidate 1 failed on 14 of 30 validation examples, its parent on 0 of \d+ examples: connection lost\. If no text/,
    );
  });

  it('a program that often fails by chance does not end the run', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const run = tokenRun({
        seed,
        testset,
        maxIterations: 8,
        acceptanceCriterion: () => true,
        before: () => {
          if (random.random() < 0.5) throw new Error('the answer is not JSON');
        },
      });
      expect((await optimize(run.options)).stopReason).toBe('maxIterations');
    }
  });

  it('a program that never worked is not checked', async () => {
    const run = tokenRun({ testset, maxIterations: 3, before: sessionEnded });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('maxIterations');
    expect(result.totalMetricCalls).toBe(run.begun.size);
  });

  it('a check for which the limit leaves no call is replaced by a warning', async () => {
    const warnings: string[] = [];
    const outage = new Outage();
    const check = new FailureCheck(outage, (message) => warnings.push(message));
    for (let key = 0; key < 8; key++) check.learnSeed({ key, id: `${key}`, example: '' }, false);
    const interruption = { reason: 'maxMetricCalls' } as const;
    expect(await check.voidBecause(3, 'valset', async () => ({ interruption }))).toBeUndefined();
    expect(warnings.join()).toContain('maxMetricCalls leaves no call to find out');
    expect(outage.final).toBeUndefined();
  });
});

describe('a resumed run', () => {
  const setup: TokenRunSetup = { maxIterations: 6, concurrency: 3, maxMetricCalls: 1_000 };
  const phases = ['testset', 'valset', 'minibatch', 'proposal'] as const;

  it.each(phases)(
    'a run that is resumed after an outage in the phase %s makes the void rollouts again',
    async (phase) => {
      const runDir = join(root, `outage-${phase}`);
      const run = expiring(({ context }) => context.phase === phase && context.iteration > 2, {
        ...setup,
        runDir,
      });
      expect((await optimize(run.options)).stopReason).toBe('providerUnavailable');
      // Still out.
      expect((await optimize(run.options)).stopReason).toBe('providerUnavailable');
      const resumed = await optimize(tokenRun({ testset, ...setup, runDir }).options);
      const { candidates, test, bestIndex } = await optimize(tokenRun({ testset, ...setup }).options);
      const scoresOf = (all: typeof candidates) => all.map(({ texts, scores }) => ({ texts, scores }));
      expect(scoresOf(resumed.candidates)).toEqual(scoresOf(candidates));
      expect(resumed).toMatchObject({ test, bestIndex });
    },
  );

  it.each([0, 1, 2, 5])(
    'a resumed run repeats failed rollouts that were not checked before the process ended (%i lines lost)',
    async (lost) => {
      const runDir = join(root, `killed-${lost}`);
      const run = expiring(({ context }) => context.phase === 'testset', { ...setup, runDir });
      await optimize(run.options);
      const path = join(runDir, 'journal.jsonl');
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      const ended = lines.findIndex((line) => JSON.parse(line).type === 'ended');
      writeFileSync(path, `${lines.slice(0, ended - lost).join('\n')}\n`);
      const resumed = await optimize(tokenRun({ testset, ...setup, runDir }).options);
      expect(resumed.test).toEqual((await optimize(tokenRun({ testset, ...setup }).options)).test);
    },
  );

  it('resuming a finished run makes no call, also with failures of candidates', async () => {
    const runDir = join(root, 'finished');
    const failing: TokenRunSetup = {
      ...setup,
      testset,
      runDir,
      acceptanceCriterion: () => true,
      before: ({ candidate, example }) => {
        if (!isSeed(candidate) && /[3579]$/.test(example.id)) throw new Error('no such tool');
      },
    };
    const first = await optimize(tokenRun(failing).options);
    expect(first.stopReason).toBe('maxIterations');
    const again = tokenRun(failing);
    expect((await optimize(again.options)).candidates).toEqual(first.candidates);
    expect(again.begun.size).toBe(0);
  });
});

it('a metric that stops working during the run is named in the warning', async () => {
  let asked = 0;
  const run = tokenRun({
    metric: (request) => {
      if (++asked > 40) throw new Error('the judge is gone');
      return tokenMetric()(request);
    },
  });
  const { stopReason, warnings } = await optimize(run.options);
  expect(stopReason).toBe('providerUnavailable');
  expect(warnings.join()).toMatch(/the seed candidate failed too.*: the metric threw: the judge is gone/);
});
