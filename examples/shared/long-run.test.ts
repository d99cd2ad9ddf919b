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
