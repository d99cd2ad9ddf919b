import { ofPresentVersion } from '../journal/journal-lines.ts';

/** The starts of a line in which its short fields are looked for, in bytes: most heads are shorter than the first. */
const prefixes = [768, 16_384];
/** The fields of rollouts and reflections that may be long. They come last. */
const longField = /,"(?:feedback|componentFeedback|output|trace|prompt)":/;

const decoder = new TextDecoder();

/**
 * A line of the journal without the fields that may be long, which are not parsed; `undefined` for one that is damaged.
 *
 * A cut inside of a field leaves a bracket open, so that the head is no JSON, and the whole line is parsed.
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
