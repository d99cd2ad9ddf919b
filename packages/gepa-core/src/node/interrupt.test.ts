import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interruptible } from './interrupt.ts';

/** Starts a run and sends SIGINT each time its output contains the next word. */
function interruptAfter(words: readonly string[], ...args: string[]) {
  const script = join(import.meta.dirname, 'fixtures', 'interrupted-run.ts');
  const child = spawn(process.execPath, ['--conditions=gepa-source', script, ...args]);
  const remaining = [...words];
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (remaining[0] !== undefined && output.includes(remaining[0])) {
      remaining.shift();
      child.kill('SIGINT');
    }
  });
  return new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, output })),
  );
}

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  it('the first Ctrl-C ends the run with a result', async () => {
    const { code, output } = await interruptAfter(['running']);
    expect(output).toContain('stopping\naborted with a result');
    expect(code).toBe(0);
  });

  it('the second Ctrl-C exits the process at once with code 130', async () => {
    const { code, output } = await interruptAfter(['running', 'aborted'], 'stubborn');
    expect(output).toContain('stopping');
    expect(code).toBe(130);
  });
});

it('disposing of interruptible removes its signal handler', () => {
  const before = process.listenerCount('SIGINT');
  {
    using interrupt = interruptible();
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    expect(interrupt.signal.aborted).toBe(false);
  }
  expect(process.listenerCount('SIGINT')).toBe(before);
});
