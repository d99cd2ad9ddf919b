import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { RunDirectoryLockedError } from '../errors.ts';
import { lockDirectory, processSpace } from './lock.ts';

let directory: string;
const lock = () => join(directory, 'lock');
const noLoss = (error: Error) => {
  throw error;
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gepa-lock-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

const containers: [string, object][] = [
  ['the same process id', { pid: process.pid }],
  ['a process id that this container does not have', { pid: 2 ** 22 + 1 }],
];
it.each(containers)(
  'the lock of a container with the same host name and %s is kept while its heartbeat is fresh',
  (_, fields) => {
    const owner = { host: hostname(), since: 'today', id: 'x', space: 'another container', ...fields };
    writeFileSync(lock(), JSON.stringify(owner));
    expect(() => lockDirectory(directory, noLoss)).toThrow(RunDirectoryLockedError);
    const silent = new Date(Date.now() - 61_000);
    utimesSync(lock(), silent, silent);
    lockDirectory(directory, noLoss).release();
    expect(existsSync(lock())).toBe(false);
  },
);

it('the heartbeat keeps a lock fresh', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const own = lockDirectory(directory, noLoss);
  const silent = new Date(Date.now() - 3_600_000);
  utimesSync(lock(), silent, silent);
  vi.advanceTimersByTime(10_000);
  const { statSync } = await import('node:fs');
  await vi.waitFor(() => expect(statSync(lock()).mtimeMs).toBeGreaterThan(Date.now() - 60_000));
  own.release();
});

it.each([
  ['was deleted', () => rmSync(lock()), /was deleted/],
  [
    'was taken over',
    () =>
      writeFileSync(
        lock(),
        JSON.stringify({ pid: 1, host: 'elsewhere', since: 'today', id: 'y', space: processSpace() }),
      ),
    /another process has taken over/,
  ],
])('a lock that %s is reported at the next heartbeat, and is not released', (_, change, message) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const losses: Error[] = [];
  const own = lockDirectory(directory, (error) => losses.push(error));
  change();
  const left = existsSync(lock()) ? readFileSync(lock(), 'utf8') : undefined;
  vi.advanceTimersByTime(30_000);
  expect(losses.map((error) => error.message)).toEqual([expect.stringMatching(message)]);
  own.release();
  expect(existsSync(lock()) ? readFileSync(lock(), 'utf8') : undefined).toBe(left);
});

it.each([
  ['a new directory', () => {}],
  [
    'a directory with an abandoned lock',
    () => {
      writeFileSync(lock(), '{"pi');
      const silent = new Date(Date.now() - 3_600_000);
      utimesSync(lock(), silent, silent);
    },
  ],
])(
  'of processes that race for %s, one locks it and the others get a RunDirectoryLockedError',
  { tags: 'slow' },
  async (_, prepare) => {
    prepare();
    const script = join(import.meta.dirname, 'fixtures', 'lock-directory.ts');
    const processes = Array.from({ length: 5 }, () =>
      fork(script, [directory], { execArgv: ['--conditions=gepa-source'] }),
    );
    onTestFinished(() => {
      for (const one of processes) one.kill();
    });
    const answers = () =>
      Promise.all(processes.map(async (one) => (await once(one, 'message'))[0] as string));
    await answers();
    const outcome = answers();
    for (const one of processes) one.send('go');
    const outcomes = (await outcome).sort();
    expect(outcomes).toEqual([...Array(4).fill('RunDirectoryLockedError'), 'locked']);
  },
);

it('the lock of another thread of this process, or of another copy of the package, is kept while it is renewed', () => {
  const own = lockDirectory(directory, noLoss);
  const text = readFileSync(lock(), 'utf8');
  own.release();
  writeFileSync(lock(), JSON.stringify({ ...JSON.parse(text), id: 'another thread' }));
  expect(() => lockDirectory(directory, noLoss)).toThrow(RunDirectoryLockedError);
  const silent = new Date(Date.now() - 61_000);
  utimesSync(lock(), silent, silent);
  lockDirectory(directory, noLoss).release();
});

it('a lock of an earlier process with the same process id is taken over', () => {
  const own = lockDirectory(directory, noLoss);
  const { began, ...owner } = JSON.parse(readFileSync(lock(), 'utf8'));
  own.release();
  const since = new Date(Date.now() - 1000 * process.uptime() - 60_000).toISOString();
  for (const earlier of [
    { ...owner, began: 'before' },
    { ...owner, since },
  ]) {
    writeFileSync(lock(), JSON.stringify({ ...earlier, id: 'an earlier process' }));
    lockDirectory(directory, noLoss).release();
  }
});
