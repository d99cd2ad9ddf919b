import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { longRun } from './long-run.ts';

it('runs on real and on simulated models have different run directories', () => {
  const directoryWith = (key: string) => {
    vi.stubEnv('OPENAI_API_KEY', key);
    const run = longRun('no-such-run', 'npm start');
    run.close({ stopReason: 'maxMetricCalls' } as Parameters<typeof run.close>[0]);
    vi.unstubAllEnvs();
    return run.runDir;
  };
  expect(directoryWith('')).toMatch(/no-such-run-simulated$/);
  expect(directoryWith('a-key')).toMatch(/no-such-run-openai$/);
});

it('the directory of a finished run stays, where the output says, and the next call starts a new run', () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const run = longRun('test-of-a-finished-run', 'npm start');
  const finished = `${run.runDir}-finished`;
  try {
    for (const content of ['first', 'second']) {
      mkdirSync(run.runDir, { recursive: true });
      writeFileSync(join(run.runDir, content), '');
      run.close({ stopReason: 'maxMetricCalls' } as Parameters<typeof run.close>[0]);
      expect(existsSync(run.runDir)).toBe(false);
    }
    expect(existsSync(join(finished, 'first'))).toBe(false);
    expect(existsSync(join(finished, 'second'))).toBe(true);
    expect(print.mock.lastCall).toEqual([expect.stringContaining(finished)]);
  } finally {
    print.mockRestore();
    rmSync(finished, { recursive: true, force: true });
  }
});
