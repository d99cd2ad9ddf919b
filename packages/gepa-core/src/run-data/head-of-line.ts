import { ofPresentVersion } from '../journal/journal-lines.ts';

/** How many bytes of a line are searched for its short fields: first few, which suffice for most lines. */
const prefixes = [768, 16_384];
/** The fields of rollouts and reflections that may be long. They come last. */
const longField = /,"(?:feedback|componentFeedback|output|trace|prompt)":/;

const decoder = new TextDecoder();

/**
 * Parses a line of the journal without its long fields; `undefined` for a damaged line.
 *
 * If the line is cut inside a field, a bracket stays open, and the head is not valid JSON: the whole line is then parsed.
 */
export function headOfLine(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  // Lines of version 3 had the long fields in the middle, and the time at the end.
  const head = cutHead(bytes);
  const line = head?.at === undefined ? parsed(decoder.decode(bytes)) : head;
  return line === undefined ? undefined : ofPresentVersion(line);
}

function cutHead(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  for (const length of prefixes) {
    const start = decoder.decode(bytes.subarray(0, length));
    const cut = start.search(longField);
    if (cut !== -1) return parsed(`${start.slice(0, cut)}}`);
    if (length >= bytes.length) return undefined;
  }
  return undefined;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
