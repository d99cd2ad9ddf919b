import leven from 'leven';
import { OptionsError } from './errors.ts';

// Small entries check their options with this module, so it imports no schema library. Constants that call a function stay in
// every bundle, so tables of kinds are made where they are used.

/** One sentence for each option that does not exist. */
export function unknownOptions(given: object, known: readonly string[]): string[] {
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => `There is no option "${key}"${suggestion(key, known)}`);
}

/**
 * Rejects options that do not exist and suggests a similar name. For framework packages.
 *
 * @throws {OptionsError}
 */
export function checkOptionNames(given: object, known: readonly string[]): void {
  const problems = unknownOptions(given, known);
  if (problems.length > 0) throw new OptionsError(problems);
}

/** The known option with the most similar name, ignoring case and underscores. */
function suggestion(key: string, known: readonly string[]): string {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const match =
    known.find((name) => plain(name) === plain(key)) ??
    known.find((name) => leven(plain(name), plain(key)) <= Math.min(3, Math.floor(key.length / 3)));
  return match === undefined ? '.' : `; did you mean "${match}"?`;
}

/** A kind of value. */
export interface OptionKind {
  /** Completes the sentence "The option must be …". */
  readonly words: string;
  readonly is: (value: unknown) => boolean;
  /** Default: it may be left out. */
  readonly isRequired?: boolean;
}

export const oneOf = (...values: readonly string[]): OptionKind => ({
  words: values.map((value) => `'${value}'`).join(' or '),
  is: (value) => values.includes(value as string),
});

export const aFlag: OptionKind = { words: '`true` or `false`', is: (value) => typeof value === 'boolean' };

export const aText: OptionKind = { words: 'a text that is not empty', is: isText };

export const aFunction: OptionKind = { words: 'a function', is: (value) => typeof value === 'function' };

export const aNumber: OptionKind = { words: 'a number', is: (value) => Number.isFinite(value) };

export const aWholeNumber: OptionKind = {
  words: 'a whole number',
  is: (value) => Number.isSafeInteger(value),
};

/** Texts by name, or anything else with named fields. */
export const anObject: OptionKind = {
  words: 'an object',
  is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

export const aList: OptionKind = { words: 'an array', is: (value) => Array.isArray(value) };

export const aShare: OptionKind = {
  words: 'a number of 0 or more',
  is: (value) => Number.isFinite(value) && (value as number) >= 0,
};

/** Also `Infinity`. */
export const aNumberFrom = (minimum: number): OptionKind => ({
  words: `a number of ${minimum} or more`,
  is: (value) => typeof value === 'number' && value >= minimum,
});

export const aCount: OptionKind = {
  words: 'a whole number of 1 or more',
  is: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
};

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/**
 * Checks the names and values of options. An option that is `undefined` counts as left out.
 *
 * @throws {OptionsError} with every problem.
 */
export function checkOptions(given: unknown, kinds: Readonly<Record<string, OptionKind>>): void {
  checkArgument('The options', given, anObject);
  const problems = unknownOptions(given as object, Object.keys(kinds));
  for (const [name, { words, is, isRequired }] of Object.entries(kinds)) {
    const value = (given as Record<string, unknown>)[name];
    if (value === undefined ? isRequired : !is(value)) {
      const got = value === undefined ? 'it is missing' : `got ${asText(value)}`;
      problems.push(`The option "${name}" must be ${words} (${got}).`);
    }
  }
  if (problems.length > 0) throw new OptionsError(problems);
}

/**
 * @param what the argument, as the subject of a sentence: "The path".
 * @throws {OptionsError} when an argument is of another kind.
 */
export function checkArgument(what: string, value: unknown, { words, is }: OptionKind): void {
  if (!is(value)) throw new OptionsError([`${what} must be ${words} (got ${asText(value)}).`]);
}

/** A value in a message; objects and functions by their kind only. */
function asText(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
