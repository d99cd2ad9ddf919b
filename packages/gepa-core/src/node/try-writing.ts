import { builtin } from './builtin.ts';
import { replacedFile } from './replaced-file.ts';

/**
 * Creates the missing folders of a file, and its draft, which is removed: rights alone do not say whether a file can be
 * written.
 *
 * @throws the file system's error when the file cannot be written.
 */
export function tryWriting(path: string): void {
  const fs = builtin('node:fs', 'use a runtime with a file system.');
  if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
  }
  const { draft, discard } = replacedFile(path);
  // A pipe without a reader would block.
  if (draft === path) fs.accessSync(path, fs.constants.W_OK);
  else fs.closeSync(fs.openSync(draft, 'w', 0o600));
  discard();
}
