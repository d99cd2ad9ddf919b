import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { optimize } from './optimize.ts';
import { RunProgress } from './report/run-progress.ts';
import { summarize } from './report/summary.ts';
import { runOfResult } from './report-file/run-of-result.ts';
import { verdictOf } from './report-file/verdict.ts';
import { readRun } from './run-data/read-run.ts';
import { tokenRun } from './testing/fixtures/token-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'gepa-unscored-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run that is aborted while its first rollouts hang. */
async function unscored(search: 'adaptive' | 'reference') {
  const controller = new AbortController();
  const runDir = join(folder, search);
  const run = tokenRun({
    search,
    runDir,
    signal: controller.signal,
    before: () => {
      controller.abort();
      return new Promise(() => {});
    },
  });
  return { run, runDir, result: await optimize(run.options) };
}

describe.each(['adaptive', 'reference'] as const)('a run that scored nothing (%s)', (search) => {
  it('says so in its warnings and in every description, instead of reporting scores of 0', async () => {
    const { run, runDir, result } = await unscored(search);
    expect(result).toMatchObject({ stopReason: 'aborted', bestIndex: 0, seedScoredOn: { examples: 0 } });
    expect(result.warnings.join()).toContain(
      'The run ended before a rollout was scored: the run was aborted (aborted). No candidate has a score;',
    );

    const progress = new RunProgress(0);
    const lines = run.events.flatMap((event) => progress.apply(event) ?? []);
    const said = [summarize(result), inspect(result), JSON.stringify(lines)];
    for (const text of said) {
      expect(text).toContain('no candidate was scored');
      expect(text).not.toMatch(/0\.000|the seed is (still )?the best/);
    }

    const fromDirectory = readRun(runDir);
    for (const data of [fromDirectory, runOfResult(result)]) {
      expect(data.score).toBeUndefined();
      expect(verdictOf(data).sentence).toBe('The run ended before the seed was scored.');
    }
    expect(fromDirectory.warnings).toEqual(result.warnings);
  });
});

it('a run that scored a part of the seed only reports the scores that there are', async () => {
  const controller = new AbortController();
  let started = 0;
  const run = tokenRun({
    concurrency: 1,
    signal: controller.signal,
    before: () => {
      started++;
      if (started === 3) controller.abort();
    },
  });
  const result = await optimize(run.options);
  expect(result.seedScoredOn.examples).toBeGreaterThan(0);
  expect(result.warnings.join()).not.toContain('No candidate has a score');
  expect(summarize(result)).toContain(`on ${result.seedScoredOn.examples} of 8 examples`);
});
