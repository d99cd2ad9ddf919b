import { JournalDamagedError } from '../errors.ts';
import {
  aNumber,
  anObject,
  aString,
  type Kind,
  type Kinds,
  mismatches,
  objectOf,
  required,
} from '../kinds.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { JournalPosition, KnownEntry } from './journal.ts';
import { linesFrom } from './lines-from.ts';

export const format = 'gepa-run';
export const version = 4;
/** Version 3 called the number of texts `candidate`, whether or not they were in the pool. */
const readable: readonly unknown[] = [3, version];

const number = required(aNumber);
const string = required(aString);
const texts = required({ ...anObject, each: string });
const open = (fields: Kinds): Kind => ({ ...objectOf(fields), isOpen: true });

const tokens = open({ modelCalls: number, inputTokens: number, outputTokens: number });
const call = { at: number, iteration: number };
const paid = {
  ...call,
  usage: tokens,
  judgeUsage: tokens,
  uncertain: open({ tokens: number, costUsd: number }),
  reservation: aNumber,
};

const data = required(open({ size: number, digest: string }));
const head = open({
  runId: string,
  fingerprint: required(
    open({ components: texts, trainset: data, valset: data, testset: data, options: texts, metric: string }),
  ),
});

/** The fields of a line that a replay needs; the others are for people. */
const lines: Readonly<Record<string, Kind>> = {
  rollout: open({
    ...paid,
    phase: string,
    textsId: number,
    example: number,
    exampleId: string,
    occurrence: aString,
    score: number,
    durationMs: number,
  }),
  reflection: open({
    ...paid,
    task: number,
    components: required({
      words: 'an array of names',
      is: (value) => Array.isArray(value) && value.every(aString.is),
    }),
    attempt: number,
    answer: string,
    durationMs: number,
  }),
  proposal: open({ ...paid, task: number, texts, durationMs: number }),
  unavailable: open({ ...paid, phase: string, key: string, message: string }),
  texts: open({ at: number, textsId: number, texts }),
  iteration: open(call),
  session: open({
    at: number,
    maxMetricCalls: required({
      words: 'a number or `null`',
      is: (value) => value === null || aNumber.is(value),
    }),
    program: texts,
  }),
  ended: open({ at: number, reason: string }),
  reserved: open({ at: number, reservation: number, tokens: number, costUsd: number }),
};

export type JournalLine =
  | (KnownEntry & { readonly at: number })
  | {
      readonly type: 'texts';
      readonly textsId: number;
      readonly texts: Readonly<Record<string, string>>;
      readonly at: number;
    }
  | { readonly type: 'iteration'; readonly iteration: number; readonly at: number }
  | {
      readonly type: 'session';
      readonly at: number;
      readonly maxMetricCalls: number | null;
      readonly program: Readonly<Record<string, string>>;
      /** Only of an evaluation. */
      readonly evaluation?: unknown;
    }
  | { readonly type: 'ended'; readonly at: number; readonly reason: string }
  | {
      readonly type: 'reserved';
      readonly reservation: number;
      readonly at: number;
      readonly tokens: number;
      readonly costUsd: number;
    };

/** The first line. */
export interface Header {
  readonly type: 'run';
  readonly format: typeof format;
  readonly version: number;
  readonly runId: string;
  readonly fingerprint: Fingerprint;
}

/** Receives a journal line by line. */
export interface JournalReader {
  header(header: Header): void;
  line(line: JournalLine, position: JournalPosition): void;
}

/**
 * Reads a journal in one pass, without the parts that only the reflection model reads.
 *
 * @returns the length of the whole lines, in bytes; a last line that is cut off does not count.
 * @throws {JournalDamagedError}
 */
export function readJournal(path: string, reader: JournalReader): number {
  let whole = 0;
  let number = 0;
  for (const { bytes, position, isLast } of linesFrom(path)) {
    number++;
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(bytes));
    } catch (cause) {
      if (isLast) return whole;
      throw damaged(path, number, 'it is not JSON', cause);
    }
    if (number === 1) reader.header(headerOf(value, path));
    else reader.line(asLine(value, path, number), position);
    whole = position.offset + position.length;
  }
  return whole;
}

/** The first line of a run. @throws {RunDirectoryError} when it is none, or of a version that cannot be read. */
export function headerOf(value: unknown, path: string): Header {
  const header = value as Partial<Header> | null;
  if (header?.format !== format) throw damaged(path, 1, `it is not a "${format}" header`);
  if (!readable.includes(header.version)) {
    throw damaged(
      path,
      1,
      `it has version ${String(header.version)}, and this package reads version ${readable.join(' and ')}`,
    );
  }
  const problem = problemOf(value, head);
  if (problem !== undefined) throw damaged(path, 1, problem);
  return header as Header;
}

function problemOf(value: unknown, kind: Kind): string | undefined {
  const { value: mismatch } = mismatches(value, kind).next();
  return mismatch && `${mismatch.path.join('.') || 'the whole'} must be ${mismatch.words}`;
}

function asLine(value: unknown, path: string, number: number): JournalLine {
  // These are read when a reflection needs them.
  const { output, trace, feedback, componentFeedback, prompt, ...found } = (value ?? {}) as Record<
    string,
    unknown
  >;
  const rest = ofPresentVersion(found);
  const type = String(rest.type);
  if (!Object.hasOwn(lines, type)) throw damaged(path, number, 'it has no known type');
  const problem = problemOf(rest, lines[type]!);
  if (problem !== undefined) throw damaged(path, number, problem);
  return rest as unknown as JournalLine;
}

const decoder = new TextDecoder();

/** Converts lines of version 3, which a resumed run has in the same file as new lines. */
export function ofPresentVersion(line: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { type, candidate, ...rest } = line;
  if (type === 'candidate') return { type: 'texts', textsId: candidate, ...rest };
  return type === 'rollout' && line.textsId === undefined ? { type, textsId: candidate, ...rest } : line;
}

function damaged(path: string, number: number, what: string, cause?: unknown): JournalDamagedError {
  return new JournalDamagedError(
    `Line ${number} of ${path} cannot be read: ${what}. Repair the line, or delete it to repeat the call${number === 1 ? '; without its first line the journal is lost, and another runDir starts a new run' : ''}.`,
    number,
    { cause },
  );
}
