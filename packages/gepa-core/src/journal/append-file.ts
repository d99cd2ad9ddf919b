import { builtin } from '../node/builtin.ts';
import type { JournalPosition } from './journal.ts';

/** The space that the file must have to grow when it is opened: that of a few lines. */
const PROBE_BYTES = 16_384;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A file that only grows. Lines that are appended in one turn of the event loop are written together, so that a line
 * has reached the operating system, and survives the process, before the search acts on it.
 */
export class AppendFile {
  readonly #fs = builtin('node:fs', 'leave `runDir` out.');
  readonly #path: string;
  readonly #file: number;
  readonly #onFailure: (error: Error) => void;
  #size: number;
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #written: Promise<boolean> | undefined;
  #failure: Error | undefined;

  /**
   * Appends after the first `size` bytes of the file.
   *
   * @throws when the file cannot be written, or cannot grow, as on a full disk.
   */
  constructor(path: string, options: { size: number; onFailure: (error: Error) => void }) {
    this.#path = path;
    this.#size = options.size;
    this.#onFailure = options.onFailure;
    // Prompts and traces are private to the user.
    this.#file = this.#fs.openSync(path, 'a+', 0o600);
    try {
      this.#fs.ftruncateSync(this.#file, this.#size);
      this.#checkSpace();
    } catch (error) {
      this.#fs.closeSync(this.#file);
      throw error;
    }
  }

  /** Nothing should be paid for whose outcome cannot be written. */
  #checkSpace(): void {
    // Not a whole line: the next reader drops it, should the process end here.
    const probe = encoder.encode(' '.repeat(PROBE_BYTES));
    try {
      for (let done = 0; done < probe.length; ) done += this.#fs.writeSync(this.#file, probe, done);
    } finally {
      this.#fs.ftruncateSync(this.#file, this.#size);
    }
  }

  /** `written` resolves to whether the line is on disk, at `position`. */
  append(line: string): { readonly position: JournalPosition; readonly written: Promise<boolean> } {
    const bytes = encoder.encode(`${line}\n`);
    const position = { offset: this.#size + this.#pendingSize, length: bytes.length };
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
    // After all promises that are settled by now, so that calls that end together share a write.
    this.#written ??= new Promise((resolve) => process.nextTick(() => resolve(this.#flush())));
    return { position, written: this.#written };
  }

  /** A line that was written. */
  read({ offset, length }: JournalPosition): string {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const read = this.#fs.readSync(this.#file, bytes, done, length - done, offset + done);
      if (read === 0) throw new Error(`The file ends before byte ${offset + length}.`);
      done += read;
    }
    return decoder.decode(bytes);
  }

  close(): void {
    if (this.#pending.length > 0) this.#flush();
    // The file descriptor may belong to another file by the time of a late append.
    this.#failure ??= new Error('The file is closed.');
    this.#fs.closeSync(this.#file);
  }

  #flush(): boolean {
    const bytes = joined(this.#pending, this.#pendingSize);
    this.#pending = [];
    this.#pendingSize = 0;
    this.#written = undefined;
    if (this.#failure !== undefined) return false;
    let done = 0;
    try {
      this.#checkPresence();
      while (done < bytes.length) done += this.#fs.writeSync(this.#file, bytes, done);
      this.#size += bytes.length;
      return true;
    } catch (error) {
      this.#failure = error as Error;
      // Whole lines were paid for and stay.
      this.#size += bytes.subarray(0, done).lastIndexOf(10) + 1;
      this.#dropPartialLine();
      this.#onFailure(this.#failure);
      return false;
    }
  }

  /** Writing to a deleted file succeeds, but no later session finds it. */
  #checkPresence(): void {
    const now = this.#fs.statSync(this.#path, { throwIfNoEntry: false });
    if (now?.ino === this.#fs.fstatSync(this.#file).ino) return;
    throw Object.assign(new Error(`${this.#path} was deleted or replaced`), { code: 'ENOENT' });
  }

  #dropPartialLine(): void {
    try {
      this.#fs.ftruncateSync(this.#file, this.#size);
    } catch {
      // The next reader drops a last line that is cut off.
    }
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
