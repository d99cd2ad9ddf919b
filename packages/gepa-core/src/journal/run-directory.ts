import { messageOf } from '../calls/classify-error.ts';
import { GepaError, RunDirectoryError } from '../errors.ts';
import { isDecision, type Listener } from '../events.ts';
import { makeDirectory } from '../node/make-directory.ts';
import { AppendFile } from './append-file.ts';
import { type WrittenExamples, writeExamples } from './examples-file.ts';
import { FileJournal, type FileJournalOptions } from './file-journal.ts';
import type { Journal } from './journal.ts';
import { lockDirectory } from './lock.ts';

/**
 * The directory of a run: `journal.jsonl` has the outcomes of its calls, `events.jsonl` its decisions, and
 * `examples.jsonl` what its examples are.
 */
export interface RunDirectory {
  readonly journal: Journal;
  /** Writes decision events to `events.jsonl`, which each session starts anew. */
  readonly listener: Listener;
  /** Writes `examples.jsonl`, unless it is there. */
  writeExamples(examples: Omit<WrittenExamples, 'mask'>): void;
  close(): void;
}

/**
 * Opens or creates a run directory by its absolute path.
 *
 * @throws {RunDirectoryError} when it cannot be read or written, is in use, is damaged, or belongs to another run.
 */
export function openRunDirectory(path: string, options: FileJournalOptions): RunDirectory {
  const closing: (() => void)[] = [];
  const close = () => {
    for (const step of closing.splice(0).reverse()) step();
  };
  try {
    makeDirectory(path, 0o700);
    let journal: FileJournal | undefined;
    const lock = lockDirectory(path, (error) => journal?.onFailure(error));
    closing.push(() => lock.release());
    journal = new FileJournal(`${path}/journal.jsonl`, options);
    const { onFailure } = journal;
    closing.push(() => journal.close());
    const events = new AppendFile(`${path}/events.jsonl`, { size: 0, onFailure });
    closing.push(() => events.close());
    const listener: Listener = (event) => {
      if (isDecision(event)) events.append(JSON.stringify(event));
    };
    return {
      journal,
      listener,
      writeExamples(examples) {
        try {
          writeExamples(`${path}/examples.jsonl`, { ...examples, mask: options.mask });
        } catch (error) {
          onFailure(error as Error);
        }
      },
      close,
    };
  } catch (error) {
    close();
    if (GepaError.isInstance(error)) throw error;
    throw new RunDirectoryError(
      `The run directory ${path} cannot be used: ${messageOf(error)}. Check its path, permissions and disk space, or use another runDir.`,
      { cause: error },
    );
  }
}
