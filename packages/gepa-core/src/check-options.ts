import { OptionsError } from './errors.ts';
import { anObject, type Kind, type Kinds, mismatches } from './kinds.ts';

/** One sentence for each option that does not exist, or is not of its kind. An option that is `undefined` counts as left out. */
export function optionProblems(given: object, kinds: Kinds): string[] {
  return Array.from(mismatches(given, { ...anObject, fields: kinds }), ({ path, value, words, known }) => {
    const name = path.join('.');
    if (words === undefined) return unknownOption(name, path.at(-1)!, known);
    const got = value === undefined ? 'it is missing' : `got ${asText(value)}`;
    return `The option "${name}" must be ${words} (${got}).`;
  });
}

/** Suggests the known option with the most similar name, ignoring case and underscores. */
function unknownOption(name: string, key: string, known: readonly string[]): string {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const match =
    known.find((name) => plain(name) === plain(key)) ??
    known.find((name) => distance(plain(name), plain(key)) <= Math.min(3, Math.floor(key.length / 3)));
  return `There is no option "${name}"${match === undefined ? '.' : `; did you mean "${match}"?`}`;
}

/** The number of characters to insert, remove or replace between two names. */
function distance(from: string, to: string): number {
  let row = Array.from(`${to} `, (_, i) => i);
  for (const character of from) {
    const next = [row[0]! + 1];
    for (let i = 1; i < row.length; i++)
      next.push(Math.min(next[i - 1]! + 1, row[i]! + 1, row[i - 1]! + Number(to[i - 1] !== character)));
    row = next;
  }
  return row.at(-1)!;
}

/**
 * Checks the names and values of options.
 *
 * @throws {OptionsError} with every problem.
 */
export function checkOptions(given: unknown, kinds: Kinds): void {
  checkArgument('The options', given, anObject);
  const problems = optionProblems(given as object, kinds);
  if (problems.length > 0) throw new OptionsError(problems);
}

/**
 * @param what the argument, as the subject of a sentence: "The path".
 * @throws {OptionsError} when an argument is of another kind.
 */
export function checkArgument(what: string, value: unknown, { words, is }: Kind): void {
  if (!is(value)) throw new OptionsError([`${what} must be ${words} (got ${asText(value)}).`]);
}

/** A value in a message; objects and functions by their kind only. */
function asText(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value)) return 'an object';
  return value.length === 0 ? 'an empty array' : 'an array';
}
