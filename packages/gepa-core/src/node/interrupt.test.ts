// @module-tag slow
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interruptible } from './interrupt.ts';

/** Starts a run, presses Ctrl-C when it says the word, and again when it says the next. */
function pressing(words: readonly string[], ...args: string[]) {
  const script = join(import.meta.dirname, 'fixtures', 'interrupted-run.ts');
  const child = spawn(process.execPath, ['--conditions=gepa-source', script, ...args]);
  const [...left] = words;
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (left[0] !== undefined && output.includes(left[0])) {
      left.shift();
      child.kill('SIGINT');
    }
  });
  return new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, output })),
  );
}

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  it('the first Ctrl-C ends a run with its result so far', async () => {
    const { code, output } = await pressing(['running']);
    expect(output).toContain('stopping\naborted with a result');
    expect(code).toBe(0);
  });

  it('the second Ctrl-C ends the process at once', async () => {
    const { code, output } = await pressing(['running', 'aborted'], 'hanging');
    expect(output).toContain('stopping');
    expect(code).toBe(130);
  });
});

it('interruptible refuses what is not a function before it handles Ctrl-C', () => {
  const before = process.listenerCount('SIGINT');
  expect(() => interruptible({ signal: 'SIGINT' } as never)).toThrow(
    '`onFirst` must be a function (got an object).',
  );
  expect(process.listenerCount('SIGINT')).toBe(before);
});

it('a released interrupt handles no further Ctrl-C', () => {
  const before = process.listenerCount('SIGINT');
  {
    using interrupt = interruptible();
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    expect(interrupt.signal.aborted).toBe(false);
  }
  expect(process.listenerCount('SIGINT')).toBe(before);
});
