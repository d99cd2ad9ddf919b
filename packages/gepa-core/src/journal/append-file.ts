import { builtin } from '../node/builtin.ts';
import type { Place } from './journal.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A file that only grows. What is appended in one go of the event loop is written at once, so that a line is with the
 * operating system, and survives the process, before anybody acts on it.
 */
export class AppendFile {
  readonly #fs = builtin('node:fs', 'leave `runDir` out.');
  readonly #file: number;
  readonly #onFailure: (error: Error) => void;
  #size: number;
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #written: Promise<boolean> | undefined;
  #failure: Error | undefined;

  /** Goes on at the end of what is there, up to `size` bytes of it. */
  constructor(path: string, options: { size: number; onFailure: (error: Error) => void }) {
    this.#size = options.size;
    this.#onFailure = options.onFailure;
    // Prompts and traces are nobody else's business.
    this.#file = this.#fs.openSync(path, 'a+', 0o600);
    this.#fs.ftruncateSync(this.#file, this.#size);
  }

  /** Where the line will stand, and whether it has come to stand there. */
  append(line: string): { readonly place: Place; readonly written: Promise<boolean> } {
    const bytes = encoder.encode(`${line}\n`);
    const place = { offset: this.#size + this.#pendingSize, length: bytes.length };
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
    this.#written ??= Promise.resolve().then(() => this.#flush());
    return { place, written: this.#written };
  }

  /** A line that was written. */
  read({ offset, length }: Place): string {
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
    // By the time a straggler comes, the number of the file may be another file's.
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
      while (done < bytes.length) done += this.#fs.writeSync(this.#file, bytes, done);
      this.#size += bytes.length;
      return true;
    } catch (error) {
      this.#failure = error as Error;
      // What stands there whole was paid for.
      this.#size += bytes.subarray(0, done).lastIndexOf(10) + 1;
      this.#takeBack();
      this.#onFailure(this.#failure);
      return false;
    }
  }

  /** A part of a line is no line. */
  #takeBack(): void {
    try {
      this.#fs.ftruncateSync(this.#file, this.#size);
    } catch {
      // Whoever reads the file next drops a last line that is cut.
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
