import { builtin } from './builtin.ts';
import { makeDirectory } from './make-directory.ts';

/** A file to be written as a whole. */
export interface ReplacedFile {
  /** Write here, and then call `replace`. */
  readonly draft: string;
  readonly replace: () => void;
  /** Removes the draft, after a failure. */
  readonly discard: () => void;
}

/**
 * A file that replaces an older one only when it is complete. Creates its directory. The target of a link is replaced,
 * not the link; a device or a pipe is written directly.
 */
export function replacedFile(path: string): ReplacedFile {
  const fs = builtin('node:fs', 'use a runtime with a file system.');
  const { dirname } = builtin('node:path', '');
  makeDirectory(dirname(path));
  const isThere = fs.existsSync(path);
  if (isThere && !fs.statSync(path).isFile()) return { draft: path, replace: () => {}, discard: () => {} };
  const target = isThere ? fs.realpathSync(path) : path;
  const draft = `${target}.${crypto.randomUUID()}.tmp`;
  return {
    draft,
    replace: () => fs.renameSync(draft, target),
    discard: () => {
      if (fs.existsSync(draft)) fs.rmSync(draft);
    },
  };
}
