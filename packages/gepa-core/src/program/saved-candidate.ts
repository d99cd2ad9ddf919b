import { z } from 'zod/v4';
import type { Candidate, Component } from '../component.ts';
import { componentNames } from '../component.ts';
import { CandidateMismatchError, FileFormatError } from '../errors.ts';
import { builtin } from '../node/builtin.ts';

const format = 'gepa-candidate';
const version = 1;

const schema = z.object({
  format: z.literal(format),
  version: z.literal(version),
  /** The optimized texts. */
  texts: z.record(z.string(), z.string()),
  /** The texts the program had when it was optimized. */
  original: z.record(z.string(), z.string()),
  scores: z.object({
    validation: z.object({ seed: z.number(), best: z.number() }),
    test: z
      .object({
        size: z.number(),
        seed: z.number(),
        best: z.number(),
        interval: z.tuple([z.number(), z.number()]),
      })
      .optional(),
  }),
});

/** What `save` writes: small, versioned, readable JSON. */
export type SavedCandidate = z.infer<typeof schema>;

export function savedCandidate(contents: Omit<SavedCandidate, 'format' | 'version'>): SavedCandidate {
  return { format, version, ...contents };
}

/** @throws {FileFormatError} */
export function parseSavedCandidate(value: unknown, where: string): SavedCandidate {
  const given = value as { format?: unknown; version?: unknown } | null;
  if (given?.format === format && given.version !== version) {
    throw new FileFormatError(
      `${where} has version ${String(given.version)} of the format "${format}"; this package reads version ${version}.`,
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FileFormatError(
    `${where} is no saved candidate: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}.`,
  );
}

/** Writes beside the file first, so that a file that is there is whole. */
export function writeSavedCandidate(path: string, saved: SavedCandidate): void {
  const fs = fileSystem();
  const draft = `${path}.${crypto.randomUUID()}.tmp`;
  fs.writeFileSync(draft, `${JSON.stringify(saved, undefined, 2)}\n`);
  fs.renameSync(draft, path);
}

/** @throws {FileFormatError} */
export function readSavedCandidate(path: string): SavedCandidate {
  const text = fileSystem().readFileSync(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FileFormatError(`${path} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  return parseSavedCandidate(value, path);
}

/**
 * The saved texts for a program.
 *
 * @throws {CandidateMismatchError} when the program lacks a component, or when a text it has is not the one that was
 * optimized, unless `ifChanged` says to apply it all the same.
 */
export function textsFor<Name extends string>(
  components: Readonly<Record<Name, Component>>,
  saved: SavedCandidate,
  ifChanged: 'refuse' | 'apply',
): Candidate<Name> {
  const texts = checkedCandidate(components, saved.texts);
  const changed = componentNames(components).filter(
    (name) => saved.original[name] !== undefined && saved.original[name] !== components[name].text,
  );
  if (changed.length > 0 && ifChanged === 'refuse') {
    throw new CandidateMismatchError(
      `The program's own text of ${changed.join(', ')} has changed since it was optimized; the saved text would undo that. Optimize again, or load with { ifChanged: 'apply' }.`,
      { missing: [], unknown: [], changed },
    );
  }
  return texts;
}

/** @throws {CandidateMismatchError} when names are missing or unknown. */
export function checkedCandidate<Name extends string>(
  components: Readonly<Record<Name, Component>>,
  candidate: Readonly<Record<string, string>>,
): Candidate<Name> {
  const names = componentNames(components);
  const missing = names.filter((name) => typeof candidate[name] !== 'string');
  const unknown = Object.keys(candidate).filter((name) => !names.includes(name as Name));
  if (missing.length > 0 || unknown.length > 0) {
    const parts = [
      ...(unknown.length > 0 ? [`the program has no component ${unknown.join(', ')}`] : []),
      ...(missing.length > 0 ? [`there is no text for ${missing.join(', ')}`] : []),
    ];
    throw new CandidateMismatchError(
      `The candidate does not fit the program: ${parts.join(', and ')}. The program's components are ${names.join(', ')}.`,
      { missing, unknown },
    );
  }
  return candidate as Candidate<Name>;
}

function fileSystem() {
  return builtin('node:fs', 'use compiled.toJSON() and target.load(object) instead.');
}
