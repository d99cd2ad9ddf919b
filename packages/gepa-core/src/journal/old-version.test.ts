import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { tokenRun, withoutTimes } from '../testing/fixtures/token-run.ts';
import { writeVersion3 } from './fixtures/version-3.ts';

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'gepa-run-'));
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));

it('a run directory of version 3 is resumed: nothing is run again, and the search goes on as it would have', async () => {
  const setup = { maxIterations: 12, maxMetricCalls: 400 };
  const uninterrupted = tokenRun(setup);
  await optimize(uninterrupted.options);

  await optimize(tokenRun({ ...setup, maxIterations: 5, runDir }).options);
  writeVersion3(runDir);
  const replayed = tokenRun({ ...setup, maxIterations: 5, runDir });
  await optimize(replayed.options);
  expect(replayed.begun.size).toBe(0);

  const resumed = tokenRun({ ...setup, runDir });
  await optimize(resumed.options);
  expect(resumed.begun.size).toBeGreaterThan(0);
  const comparable = (run: typeof resumed) => withoutTimes(run.decisions()).slice(1, -1);
  expect(comparable(resumed)).toEqual(comparable(uninterrupted));

  const third = tokenRun({ ...setup, runDir });
  await optimize(third.options);
  expect(third.begun.size).toBe(0);
});
