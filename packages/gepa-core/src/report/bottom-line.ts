import type { OutputStream } from './colors.ts';

const CLEAR_LINE = '\r\u001b[K';

/** A stream whose `write` can be replaced, as that of `process.stdout`. */
interface WritableStream extends OutputStream {
  write(text: string, ...rest: readonly unknown[]): unknown;
}

/**
 * A line that stays at the bottom of a terminal. When other code of this process writes, the line is drawn again below that
 * output.
 */
export class BottomLine {
  readonly #stream: WritableStream;
  readonly #streams: readonly WritableStream[];
  readonly #write: (text: string) => unknown;
  #line = '';
  #isDrawn = false;
  /** Whether this object is writing, not other code. */
  #isOwn = false;
  /** Whether other code has written an incomplete line. */
  #isInLine = false;
  #restore: (() => void)[] = [];

  /** @param others Streams that show on the same terminal. */
  constructor(stream: OutputStream, others: readonly OutputStream[] = []) {
    this.#stream = stream;
    this.#streams = [stream, ...others.filter((other) => other !== stream)];
    this.#write = (text) => this.#stream.write(text);
  }

  /** Shows a line below `above`, whole lines that stay. An empty line clears the bottom. */
  show(line: string, above = ''): void {
    if (this.#restore.length === 0 && line !== '') this.#share();
    const start = this.#isInLine ? '\n' : CLEAR_LINE;
    // Do not interrupt an incomplete line of other code, unless there are new lines to show.
    if (this.#isInLine && above === '') {
      this.#line = line;
      return;
    }
    this.#isInLine = false;
    this.#own(`${start}${above}${line}`);
    this.#line = line;
    this.#isDrawn = line !== '';
  }

  /** Lets other code write to the streams as before. */
  release(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #own(text: string): void {
    const shared = this.#isOwn;
    this.#isOwn = true;
    try {
      this.#write(text);
    } finally {
      this.#isOwn = shared;
    }
  }

  #share(): void {
    for (const stream of this.#streams) {
      const write = stream.write;
      const isOwnProperty = Object.hasOwn(stream, 'write');
      const replacement = (text: string, ...rest: readonly unknown[]): unknown => {
        if (this.#isOwn || this.#restore.length === 0) return write.call(stream, text, ...rest);
        return this.#writeOther(() => write.call(stream, text, ...rest), text);
      };
      stream.write = replacement;
      this.#restore.push(() => {
        // If other code has replaced `write` since, this one stays and passes everything on.
        if (stream.write !== replacement) return;
        if (isOwnProperty) stream.write = write;
        else delete (stream as Partial<WritableStream>).write;
      });
    }
  }

  #writeOther(write: () => unknown, text: unknown): unknown {
    if (this.#isDrawn) this.#own(CLEAR_LINE);
    this.#isDrawn = false;
    const result = write();
    this.#isInLine = !endsLine(text, this.#isInLine);
    if (!this.#isInLine && this.#line !== '') {
      this.#own(this.#line);
      this.#isDrawn = true;
    }
    return result;
  }
}

function endsLine(text: unknown, wasInLine: boolean): boolean {
  if (typeof text === 'string') return text === '' ? !wasInLine : text.endsWith('\n');
  if (text instanceof Uint8Array) return text.length === 0 ? !wasInLine : text.at(-1) === 10;
  return true;
}
