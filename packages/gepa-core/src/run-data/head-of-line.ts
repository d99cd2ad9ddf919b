import { ofPresentVersion } from '../journal/journal-lines.ts';

/** The start of a line in which its short fields are expected, in bytes. */
const HEAD_BYTES = 4_096;
/** The fields of rollouts and reflections that may be long. They come last, in this order. */
const longFields = [',"feedback":', ',"componentFeedback":', ',"output":', ',"trace":', ',"prompt":'];

const decoder = new TextDecoder();

/**
 * A line of the journal without the fields that may be long, which are not parsed; `undefined` for one that is damaged.
 *
 * A cut inside of a field leaves a bracket open, so that the head is no JSON, and the whole line is parsed.
 */
export function headOfLine(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const start = decoder.decode(bytes.subarray(0, HEAD_BYTES));
  const cuts = longFields.map((field) => start.indexOf(field)).filter((cut) => cut !== -1);
  const head = cuts.length === 0 ? undefined : parsed(`${start.slice(0, Math.min(...cuts))}}`);
  // Lines of version 3 had the long fields in the middle, and the time at the end.
  const line = head?.at === undefined ? parsed(decoder.decode(bytes)) : head;
  return line === undefined ? undefined : ofPresentVersion(line);
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
