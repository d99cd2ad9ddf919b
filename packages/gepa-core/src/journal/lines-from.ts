import { builtin } from '../node/builtin.ts';
import type { JournalPosition } from './journal.ts';

/** A line of a file, with the line break. */
export interface FileLine {
  readonly bytes: Uint8Array;
  readonly position: JournalPosition;
  /** Whether the file ends here. */
  readonly isLast: boolean;
}

const chunkSize = 1 << 20;

/** The complete lines of a file from a byte on, without a last line that has no line break yet. */
export function* linesFrom(path: string, start = 0): Generator<FileLine> {
  const fs = builtin('node:fs', 'leave `runDir` out.');
  const file = fs.openSync(path, 'r');
  try {
    const total = fs.fstatSync(file).size;
    let parts: Uint8Array[] = [];
    let offset = start;
    for (let position = start; position < total; ) {
      const chunk = new Uint8Array(Math.min(chunkSize, total - position));
      const read = fs.readSync(file, chunk, 0, chunk.length, position);
      if (read === 0) break;
      position += read;
      const filled = read < chunk.length ? chunk.subarray(0, read) : chunk;
      let from = 0;
      for (let end = filled.indexOf(10); end !== -1; end = filled.indexOf(10, from)) {
        parts.push(filled.subarray(from, end + 1));
        const bytes = joined(parts);
        yield { bytes, position: { offset, length: bytes.length }, isLast: offset + bytes.length === total };
        parts = [];
        offset += bytes.length;
        from = end + 1;
      }
      if (from < read) parts.push(filled.subarray(from));
    }
  } finally {
    fs.closeSync(file);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
