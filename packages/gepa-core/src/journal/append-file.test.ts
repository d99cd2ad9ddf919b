import fs, { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { AppendFile } from './append-file.ts';

it('close writes pending lines, and lines appended later are written to no file', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gepa-append-'));
  const failures: Error[] = [];
  const file = new AppendFile(join(root, 'file'), { size: 0, onFailure: (error) => failures.push(error) });
  file.append('before');
  file.close();
  // The new file most likely gets the file descriptor that was just closed.
  const other = openSync(join(root, 'other'), 'a+');
  expect(await file.append('after').written).toBe(false);
  closeSync(other);
  expect(readFileSync(join(root, 'file'), 'utf8')).toBe('before\n');
  expect(readFileSync(join(root, 'other'), 'utf8')).toBe('');
  expect(failures).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

it('a disk that fills up keeps the complete lines only', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gepa-append-'));
  const failures: Error[] = [];
  const path = join(root, 'file');
  const file = new AppendFile(path, { size: 0, onFailure: (error) => failures.push(error) });
  const write = fs.writeSync;
  const full = vi
    .spyOn(fs, 'writeSync')
    .mockImplementationOnce((number, bytes) => write(number, bytes as unknown as Uint8Array, 0, 12))
    .mockImplementationOnce(() => {
      throw new Error('no space left');
    });
  const written = ['first', 'second', 'third'].map((line) => file.append(line).written);
  expect(await Promise.all(written)).toEqual([false, false, false]);
  full.mockRestore();
  expect(failures.map(({ message }) => message)).toEqual(['no space left']);
  expect(readFileSync(path, 'utf8')).toBe('first\n');
  file.close();
  rmSync(root, { recursive: true, force: true });
});
