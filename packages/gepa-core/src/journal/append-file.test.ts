import fs, { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { AppendFile } from './append-file.ts';

it('writes what was pending when it is closed, and nothing that comes later, to whatever file', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gepa-append-'));
  const failures: Error[] = [];
  const file = new AppendFile(join(root, 'file'), { size: 0, onFailure: (error) => failures.push(error) });
  file.append('in time');
  file.close();
  // Most likely it has the number that has just become free.
  const other = openSync(join(root, 'other'), 'a+');
  expect(await file.append('late').written).toBe(false);
  closeSync(other);
  expect(readFileSync(join(root, 'file'), 'utf8')).toBe('in time\n');
  expect(readFileSync(join(root, 'other'), 'utf8')).toBe('');
  expect(failures).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

it('keeps the lines that were written whole when there is no room for the next', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gepa-append-'));
  const failures: Error[] = [];
  const path = join(root, 'file');
  const file = new AppendFile(path, { size: 0, onFailure: (error) => failures.push(error) });
  const write = fs.writeSync;
  const full = vi
    .spyOn(fs, 'writeSync')
    .mockImplementationOnce((number, bytes) => write(number, bytes as unknown as Uint8Array, 0, 12))
    .mockImplementationOnce(() => {
      throw new Error('no room');
    });
  const written = ['first', 'second', 'third'].map((line) => file.append(line).written);
  expect(await Promise.all(written)).toEqual([false, false, false]);
  full.mockRestore();
  expect(failures.map(({ message }) => message)).toEqual(['no room']);
  expect(readFileSync(path, 'utf8')).toBe('first\n');
  file.close();
  rmSync(root, { recursive: true, force: true });
});
