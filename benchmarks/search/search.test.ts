// @module-tag slow
import { describe, expect, it } from 'vitest';
import { families } from './families/index.ts';
import { runOnce } from './run.ts';
import { searches } from './searches.ts';
import { pairedDifference, summarize } from './summary.ts';

const family = families.find(({ name }) => name === 'base')!;
const tiny = { ...family, budget: 60, valSize: 6, trainSize: 6 };

describe('the search benchmark', () => {
  it.each(Object.keys(searches))('runs %s within its budget and knows the true score', async (search) => {
    const run = await runOnce(tiny, searches[search]!, 1);
    expect(run.calls).toBeLessThanOrEqual(60);
    expect(run.proposals).toBeGreaterThan(0);
    expect(run.score).toBeGreaterThan(run.seedScore);
  });

  it.each(families)('runs a search on a task of the family $name', async (each) => {
    const run = await runOnce({ ...each, budget: 60 }, searches.adaptive!, 1);
    expect(run.calls).toBeGreaterThan(0);
    expect(run.calls).toBeLessThanOrEqual(60);
  });

  it('the search benchmark repeats a run exactly, after any other run', async () => {
    const noisy = { ...tiny, scoring: 'chance' } as const;
    const first = await runOnce(noisy, {}, 2);
    await runOnce(noisy, {}, 3);
    expect(await runOnce(noisy, {}, 2)).toEqual(first);
  });

  it('the search benchmark counts a refused budget as a run that returns the seed', async () => {
    const run = await runOnce({ ...tiny, valSize: 100 }, { search: 'reference' }, 1);
    expect(run).toMatchObject({ stopReason: 'refused', calls: 0, score: run.seedScore });
  });

  it('the search benchmark summarizes runs and their paired differences', async () => {
    const runs = [await runOnce(tiny, {}, 1), await runOnce(tiny, {}, 2)];
    expect(summarize(runs)).toMatchObject({ worse: 0, stopReasons: { maxMetricCalls: 2 } });
    expect(pairedDifference(runs, runs)).toEqual({ mean: 0, standardError: 0 });
  });

  it('the families of the search benchmark have unique names, and each makes the same task from the same seed', () => {
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
    for (const { create } of families) {
      const [one, same] = [create(1), create(1)];
      expect(one.seedCandidate).toEqual(same.seedCandidate);
      const qualities = [1, 2, 3].map((example) => one.quality(one.seedCandidate, example));
      expect(qualities).toEqual([1, 2, 3].map((example) => same.quality(same.seedCandidate, example)));
      for (const quality of qualities) expect(Math.abs(quality - 0.5)).toBeLessThanOrEqual(0.5);
    }
  });
});
