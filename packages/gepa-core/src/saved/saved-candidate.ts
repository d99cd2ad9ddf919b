import { checkArgument } from '../check-options.ts';
import type { Candidate, Component } from '../component.ts';
import { componentNames, ownValue } from '../component.ts';
import { CandidateMismatchError, FileAccessError, FileFormatError, GepaError } from '../errors.ts';
import { aText, type Kind, mismatches } from '../kinds.ts';
import { builtin } from '../node/builtin.ts';
import { fileProblem } from '../node/file-problem.ts';
import { type ReplacedFile, replacedFile } from '../node/replaced-file.ts';
import { checkText } from '../text/check-text.ts';

// Programs load candidates in production, so this module imports no schema library.

const format = 'gepa-candidate';
const version = 1;

/** The contents of the file that `save` writes: small, versioned, readable JSON. */
export interface SavedCandidate {
  format: typeof format;
  version: typeof version;
  /** The optimized text of each component. */
  texts: Record<string, string>;
  /** The text that each component has in the code of the program that was optimized. */
  original: Record<string, string>;
  /** The texts that the run started from, if they were loaded and differ from those in code. */
  seed?: Record<string, string>;
  scores: {
    /** Absent if the candidate was not scored. */
    validation?: { seed: number; best: number };
    /** Present if the run had a testset. `interval` is the 95% confidence interval of the gain. */
    test?: { size: number; seed: number; best: number; interval: [number, number] };
  };
  /** Where the texts come from, for people. `load` does not read it. */
  provenance?: Provenance;
}

/** The run behind a saved candidate. */
export interface Provenance {
  /** When the run ended, in ISO format. */
  date: string;
  runId: string;
  /** The versions of the packages of the run, by name. */
  packages: Record<string, string>;
  models: { task: string[]; reflection?: string };
  /** The size of each data set, and a digest of its examples, as in the run directory. */
  data: Record<string, { size: number; digest?: string }>;
  /** Its number in the run, and the numbers of its parents. */
  candidate: number;
  parents: number[];
  /** The valset examples behind the validation score, and its 95% confidence interval. Absent if it has no score. */
  validation?: { examples: number; interval: [number, number] };
  metricCalls: number;
}

export function savedCandidate(contents: Omit<SavedCandidate, 'format' | 'version'>): SavedCandidate {
  return { format, version, ...contents };
}

/**
 * Validates the parts of a saved candidate that are applied; the scores are for people. Other fields are dropped.
 *
 * @param where Where the value comes from, for error messages.
 * @throws {FileFormatError} on another format, another version, or a field of the wrong type.
 */
export function parseSavedCandidate(value: unknown, where: string): SavedCandidate {
  const header = value as { format?: unknown; version?: unknown } | null | undefined;
  if (header?.format === format && header.version !== version) {
    throw new FileFormatError(
      `${where} has version ${String(header.version)} of the format "${format}"; this package reads version ${version}.`,
    );
  }
  const [problem] = mismatches(value, savedKind());
  if (problem !== undefined) {
    const at = problem.path.join('.') || 'the root value';
    throw new FileFormatError(
      `${where} is not a saved candidate: ${at}: expected ${problem.words}, received ${typeNameOf(problem.value)}.`,
    );
  }
  const { texts, original, seed, scores } = value as SavedCandidate;
  return {
    format,
    version,
    texts: { ...texts },
    original: { ...original },
    ...(seed === undefined ? {} : { seed: { ...seed } }),
    scores,
  };
}

/** The fields that are applied, in the words of JSON. */
function savedKind(): Kind {
  const isRecord = (value: unknown) => typeNameOf(value) === 'object';
  const isText = (value: unknown) => typeof value === 'string';
  const texts = { words: 'record', is: isRecord, each: { words: 'string', is: isText, isRequired: true } };
  return {
    words: 'object',
    is: isRecord,
    isRequired: true,
    isOpen: true,
    fields: {
      format: { words: `"${format}"`, is: (value) => value === format, isRequired: true },
      texts: { ...texts, isRequired: true },
      original: { ...texts, isRequired: true },
      seed: texts,
    },
  };
}

function typeNameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * Creates missing folders, writes a temporary file and renames it, so that a reader never sees a partial file.
 *
 * @throws {FileAccessError} when the file cannot be written.
 * @throws {OptionsError} when `path` is not a path.
 */
export function writeSavedCandidate(path: string, saved: SavedCandidate): void {
  checkArgument('The path', path, aText);
  const fs = fileSystem();
  let file: ReplacedFile | undefined;
  try {
    file = replacedFile(path);
    fs.writeFileSync(file.draft, `${JSON.stringify(saved, undefined, 2)}\n`);
    file.replace();
  } catch (error) {
    file?.discard();
    throw new FileAccessError(
      `The candidate cannot be saved to ${absolute(path)}: ${fileProblem(error)}. Give the path of a file in a folder that can be written.`,
      { cause: error },
    );
  }
}

/**
 * @throws {FileAccessError} when the file cannot be read.
 * @throws {FileFormatError} when the file is not JSON or not a saved candidate.
 */
export function readSavedCandidate(path: string): SavedCandidate {
  let text: string;
  try {
    text = fileSystem().readFileSync(path, 'utf8');
  } catch (error) {
    if (GepaError.isInstance(error)) throw error;
    throw new FileAccessError(
      `The saved candidate ${absolute(path)} cannot be read: ${fileProblem(error)}. Give the path that \`save\` wrote; relative paths start at the working directory.`,
      { cause: error },
    );
  }
  let value: unknown;
  try {
    // Some editors write a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new FileFormatError(`${path} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
  return parseSavedCandidate(value, path);
}

/**
 * The saved candidate, checked against a program's components.
 *
 * @throws {CandidateMismatchError} when the program lacks a component or has one without a saved text. Unless
 * `ifChanged` is `'apply'`, also when the program's own text of a component differs from the saved original.
 */
export function candidateFrom<Name extends string>(
  saved: SavedCandidate,
  components: Readonly<Record<Name, Component>>,
  ifChanged: 'refuse' | 'apply',
): Candidate<Name> {
  const candidate = checkCandidate(components, saved.texts, { ...saved.original, ...saved.seed });
  const changed = componentNames(components).filter((name) => {
    const known = [ownValue(saved.original, name), ownValue(saved.seed, name)];
    return known[0] !== undefined && !known.includes(components[name].text);
  });
  if (changed.length > 0 && ifChanged !== 'apply') {
    throw new CandidateMismatchError(
      `The program's own text of ${changed.join(', ')} has changed since it was optimized; the saved text would overwrite the change. Optimize again, or load with { ifChanged: 'apply' }.`,
      { missing: [], unknown: [], changed },
    );
  }
  return candidate;
}

/**
 * Returns the candidate if it has one text for each component and no others, and every text fits its component: it is
 * not empty, contains every variable and invents none. The text that the component has itself always fits.
 *
 * @param original the texts that the candidate was made from.
 * @throws {CandidateMismatchError} when names are missing or unknown, or texts do not fit.
 */
export function checkCandidate<Name extends string>(
  components: Readonly<Record<Name, Component>>,
  candidate: Readonly<Record<string, string>>,
  original: Readonly<Record<string, string>> = {},
): Candidate<Name> {
  const names = componentNames(components);
  const missing = names.filter((name) => typeof ownValue(candidate, name) !== 'string');
  const unknown = Object.keys(candidate).filter((name) => !names.includes(name as Name));
  if (missing.length > 0 || unknown.length > 0) {
    const isSaved = unknown.some((name) => ownValue(original, name) !== undefined);
    const parts = [
      ...(unknown.length > 0 ? [`the program has no component ${unknown.join(', ')}`] : []),
      ...(missing.length > 0 ? [`there is no text for ${missing.join(', ')}`] : []),
    ];
    throw new CandidateMismatchError(
      `${noFit}${parts.join(', and ')}. The program's components are ${names.join(', ')}.${
        isSaved ? ' Pass the options that it was optimized with.' : ''
      }`,
      { missing, unknown },
    );
  }
  const faults = names.flatMap((name) => {
    const [component, text] = [components[name], candidate[name]!];
    const currentText = ownValue(original, name) ?? component.text;
    if (text === component.text) return [];
    const fault = checkText({ name, component, text, currentText });
    return fault === undefined ? [] : [{ name, message: fault.message }];
  });
  if (faults.length > 0) {
    throw new CandidateMismatchError(`${noFit}${faults.map(({ message }) => message).join(' ')}`, {
      missing,
      unknown,
      invalid: faults.map(({ name }) => name),
    });
  }
  return candidate as Candidate<Name>;
}

const noFit = 'The candidate does not fit the program: ';

const absolute = (path: string): string => (path === '' ? '""' : builtin('node:path', '').resolve(path));

function fileSystem() {
  return builtin('node:fs', 'use `compiled.toJSON()`, and give saved candidates as objects.');
}
