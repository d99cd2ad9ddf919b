import { builtin } from './builtin.ts';
import { makeDirectory } from './make-directory.ts';

/**
 * Creates the missing folders of a file, and a temporary file beside it, which is removed: rights alone do not say whether
 * a file can be written.
 *
 * @throws the file system's error when the file cannot be written.
 */
export function tryWriting(path: string): void {
  const { closeSync, openSync, rmSync, statSync } = builtin('node:fs', 'use a runtime with a file system.');
  makeDirectory(builtin('node:path', 'use a runtime with a file system.').dirname(path));
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
  }
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  closeSync(openSync(temporary, 'w', 0o600));
  rmSync(temporary);
}
