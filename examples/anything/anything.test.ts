// @module-tag slow

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { optimize } from 'gepa-core';
import { expect, it } from 'vitest';
import { test, train, validation } from './days.ts';
import { describeDay } from './describe-day.ts';
import { bakeryMetric } from './metric.ts';
import { language, parsePolicy } from './policy.ts';
import { schedule } from './schedule.ts';
import { simulatedReflection } from './simulated-reflection.ts';

function improve(text: string, seed: number) {
  return optimize({
    seedCandidate: { policy: { text, description: language } },
    run: ({ policy }, day) => describeDay(schedule(parsePolicy(policy), day)),
    metric: bakeryMetric,
    reflectionModel: simulatedReflection(seed),
    trainset: train,
    valset: validation,
    testset: test,
    maxMetricCalls: 250,
    seed,
  });
}

it.each([0, 1, 2, 3])('optimize improves the bakery policy on held-out days (seed %i)', async (seed) => {
  const { bestCandidate, bestScore, seedScore, test, totalMetricCalls } = await improve(
    'take the longest waiting',
    seed,
  );
  expect(bestScore - seedScore).toBeGreaterThan(0.1);
  expect(test!.gain).toBeGreaterThan(0.1);
  expect(test!.interval[0]).toBeGreaterThan(0.05);
  expect(totalMetricCalls).toBeLessThanOrEqual(250);
  expect(parsePolicy(bestCandidate.policy).length).toBeGreaterThan(1);
});

it('optimize repairs a bakery policy that cannot be parsed', async () => {
  const { seedScore, bestScore, bestCandidate } = await improve('take the longest waiting\nbe quick', 0);
  expect(seedScore).toBe(0);
  expect(bestScore).toBeGreaterThan(0.6);
  expect(bestCandidate.policy).not.toContain('be quick');
});

it('the trainset, valset and testset of the bakery have no day in common', () => {
  const all = [...train, ...validation, ...test].map(({ orders }) => JSON.stringify(orders));
  expect(new Set(all).size).toBe(all.length);
});

it('the bakery example runs as a script without an API key', async () => {
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const script = fileURLToPath(new URL('main.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--conditions=gepa-source', script],
    {
      env,
    },
  );
  expect(stdout).toContain('simulated reflection model');
  expect(stderr).toMatch(/0\.\d+ → 0\.\d+ \(\+0\.[12]/);
});
