import { messageOf } from '../calls/classify-error.ts';
import { GepaError, RunDirectoryError } from '../errors.ts';
import { isDecision, type Listener } from '../events.ts';
import { builtin } from '../node/builtin.ts';
import { AppendFile } from './append-file.ts';
import { FileJournal, type FileJournalOptions } from './file-journal.ts';
import type { Journal } from './journal.ts';
import { lockDirectory } from './lock.ts';

/** A directory that holds a run: `journal.jsonl`, what its effects brought, and `events.jsonl`, what it decided. */
export interface RunDirectory {
  readonly journal: Journal;
  /** Writes decisions to `events.jsonl`, anew in each session. */
  readonly listener: Listener;
  close(): void;
}

/**
 * Opens a run directory by its absolute path, or makes one.
 *
 * @throws {RunDirectoryError} when it cannot be read or written, is in use, is damaged, or is another run's.
 */
export function openRunDirectory(path: string, options: FileJournalOptions): RunDirectory {
  const closing: (() => void)[] = [];
  const close = () => {
    for (const step of closing.splice(0).reverse()) step();
  };
  try {
    makeDirectory(path);
    const lock = lockDirectory(path);
    closing.push(() => lock.release());
    const journal = new FileJournal(`${path}/journal.jsonl`, options);
    closing.push(() => journal.close());
    const events = new AppendFile(`${path}/events.jsonl`, { size: 0, onFailure: journal.onFailure });
    closing.push(() => events.close());
    const listener: Listener = (event) => {
      if (isDecision(event)) events.append(JSON.stringify(event));
    };
    return { journal, listener, close };
  } catch (error) {
    close();
    if (GepaError.isInstance(error)) throw error;
    throw new RunDirectoryError(
      `The run directory ${path} cannot be used: ${messageOf(error)}. See to its path, its permissions and the room on its disk, or give another runDir.`,
      { cause: error },
    );
  }
}

/**
 * For framework packages: a relative `runDir` is meant from where the process is at the call. By the time the directory
 * is opened, it may be elsewhere.
 */
export function withAbsoluteRunDir<Options extends { readonly runDir?: string }>(options: Options): Options {
  const { runDir } = options;
  // Anything else is told of where the options are checked.
  if (typeof runDir !== 'string' || runDir === '') return options;
  return { ...options, runDir: builtin('node:path', 'leave `runDir` out.').resolve(runDir) };
}

/** One level at a time: Node's own `recursive` never ends where nobody can make directories, as in /proc. */
function makeDirectory(path: string): void {
  const { existsSync, mkdirSync } = builtin('node:fs', 'leave `runDir` out.');
  if (existsSync(path)) return;
  makeDirectory(builtin('node:path', 'leave `runDir` out.').dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(path)) throw error;
  }
}
