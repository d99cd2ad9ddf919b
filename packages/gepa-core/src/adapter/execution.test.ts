import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { RunReader } from '../run-data/read-run.ts';
import type { Adapter } from './adapter.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-execution-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it.each([
  ['leaves out', { output: 'converted' }],
  ['sets to undefined', { output: 'converted', trace: undefined }],
])('a field that toPlain %s stays as it is in the run directory', async (_, plain) => {
  const runDir = join(root, 'run');
  const adapter: Adapter<{ input: string }, Date, string> = {
    components: { prompt: { text: 'Answer.' } },
    run: async () => ({ output: new Date(0), trace: 'as it is' }),
    toPlain: ({ output }) => (output === undefined ? {} : plain),
  };
  await optimize({
    adapter,
    trainset: [{ input: 'a' }],
    metric: () => 0,
    propose: async () => ({}),
    maxIterations: 1,
    runDir,
  });
  const reader = new RunReader(runDir);
  reader.update();
  const [rollout] = reader.data.rollouts;
  expect(reader.detail(rollout!.detail)).toMatchObject({ output: 'converted', trace: 'as it is' });
});
