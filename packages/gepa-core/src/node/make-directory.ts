import { builtin } from './builtin.ts';

/**
 * Creates a directory and its missing parents, one level at a time: Node's `recursive` never returns where directories
 * cannot be created, as in /proc.
 */
export function makeDirectory(path: string, mode = 0o777): void {
  const { existsSync, mkdirSync } = builtin('node:fs', 'use a runtime with a file system.');
  if (existsSync(path)) return;
  makeDirectory(builtin('node:path', 'use a runtime with a file system.').dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have created it.
    if (!existsSync(path)) throw error;
  }
}
