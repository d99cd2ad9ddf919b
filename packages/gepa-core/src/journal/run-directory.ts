import { GepaError, RunDirectoryError } from '../errors.ts';
import { type GepaEvent, isDecision, type Listener } from '../events.ts';
import { makeDirectory } from '../node/make-directory.ts';
import { messageOf } from '../text/error-message.ts';
import { AppendFile } from './append-file.ts';
import { type WrittenExamples, writeExamples } from './examples-file.ts';
import { FileJournal, type FileJournalOptions } from './file-journal.ts';
import type { Journal } from './journal.ts';
import { lockDirectory } from './lock.ts';

/**
 * The directory of a run: `journal.jsonl` has the outcomes of its calls, `events.jsonl` its decisions, and `examples.jsonl`
 * its examples.
 */
export interface RunDirectory {
  readonly journal: Journal;
  /**
   * Writes decisions and warnings to `events.jsonl`, which each session starts anew, with `scoresById` beside scores by
   * position.
   */
  readonly listener: Listener;
  /** Writes `examples.jsonl`, unless it is there. */
  writeExamples(examples: Omit<WrittenExamples, 'mask'>): Promise<void>;
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
    let valset: readonly string[] = [];
    const listener: Listener = (event) => {
      if (isDecision(event) || event.type === 'warning')
        events.append(JSON.stringify({ ...event, ...scoresById(event, valset) }));
    };
    return {
      journal,
      listener,
      async writeExamples(examples) {
        try {
          valset = (examples.sets.val ?? []).map(({ id }) => String(options.mask.data(id)));
          const { mask } = options;
          await writeExamples(`${path}/examples.jsonl`, { ...examples, mask });
        } catch (error) {
          if (GepaError.isInstance(error)) throw error;
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

/** The scores of an event by example id instead of valset position, for people. */
function scoresById(
  event: GepaEvent,
  valset: readonly string[],
): { readonly scoresById?: Readonly<Record<string, number>> } {
  if (!('scores' in event && 'index' in event)) return {};
  const positions = 'positions' in event ? event.positions : event.scores.keys();
  const named = [...positions].flatMap((position, place) => {
    const score = event.scores[place];
    return typeof score === 'number' ? [[valset[position] ?? `val:${position}`, score] as const] : [];
  });
  return { scoresById: Object.fromEntries(named) };
}
