import * as z from 'zod/v4-mini';
import { JournalDamagedError } from '../errors.ts';
import { schemaError } from '../schema-error.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { JournalPosition, KnownEntry } from './journal.ts';
import { linesFrom } from './lines-from.ts';

export const format = 'gepa-run';
export const version = 4;
/** Version 3 called the number of texts `candidate`, whether or not they were in the pool. */
const readable: readonly unknown[] = [3, version];

const usage = z.looseObject({ modelCalls: z.number(), inputTokens: z.number(), outputTokens: z.number() });
const uncertain = z.optional(z.object({ tokens: z.number(), costUsd: z.number() }));
const reservation = z.optional(z.number());
const texts = z.record(z.string(), z.string());
const call = { at: z.number(), iteration: z.number() };

const digests = z.record(z.string(), z.string());
const data = z.object({ size: z.number(), digest: z.string() });
const head = z.looseObject({
  runId: z.string(),
  fingerprint: z.looseObject({
    components: digests,
    trainset: data,
    valset: data,
    testset: data,
    options: digests,
    metric: z.string(),
  }),
});

/** The fields of a line that a replay needs; the others are for people. */
const line = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('rollout'),
    ...call,
    phase: z.string(),
    textsId: z.number(),
    example: z.number(),
    exampleId: z.string(),
    occurrence: z.optional(z.string()),
    score: z.number(),
    usage: z.optional(usage),
    judgeUsage: z.optional(usage),
    uncertain,
    reservation,
    durationMs: z.number(),
  }),
  z.looseObject({
    type: z.literal('reflection'),
    ...call,
    task: z.number(),
    components: z.array(z.string()),
    attempt: z.number(),
    answer: z.string(),
    usage: z.optional(usage),
    uncertain,
    reservation,
    durationMs: z.number(),
  }),
  z.looseObject({
    type: z.literal('proposal'),
    ...call,
    task: z.number(),
    texts,
    usage: z.optional(usage),
    uncertain,
    reservation,
    durationMs: z.number(),
  }),
  z.looseObject({
    type: z.literal('unavailable'),
    ...call,
    phase: z.string(),
    key: z.string(),
    message: z.string(),
    usage: z.optional(usage),
    judgeUsage: z.optional(usage),
    uncertain,
    reservation,
  }),
  z.looseObject({ type: z.literal('texts'), at: z.number(), textsId: z.number(), texts }),
  z.looseObject({ type: z.literal('iteration'), ...call }),
  z.looseObject({
    type: z.literal('session'),
    at: z.number(),
    maxMetricCalls: z.nullable(z.number()),
    program: z.record(z.string(), z.string()),
  }),
  z.looseObject({ type: z.literal('ended'), at: z.number(), reason: z.string() }),
  z.looseObject({
    type: z.literal('reserved'),
    at: z.number(),
    reservation: z.number(),
    tokens: z.number(),
    costUsd: z.number(),
  }),
]);

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
  const parsed = head.safeParse(value, { error: schemaError });
  if (!parsed.success) throw damaged(path, 1, problemOf(parsed.error));
  return header as Header;
}

function problemOf({ issues: [issue] }: z.core.$ZodError): string {
  return `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`;
}

function asLine(value: unknown, path: string, number: number): JournalLine {
  // These are read when a reflection needs them.
  const { output, trace, feedback, componentFeedback, prompt, ...found } = (value ?? {}) as Record<
    string,
    unknown
  >;
  const rest = ofPresentVersion(found);
  const parsed = line.safeParse(rest, { error: schemaError });
  if (parsed.success) return rest as unknown as JournalLine;
  throw damaged(path, number, problemOf(parsed.error));
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
