import leven from 'leven';
import { OptionsError } from '../errors.ts';

/** Options that do not exist, a sentence each. */
export function unknownOptions(given: object, known: readonly string[]): string[] {
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => `There is no option "${key}"${suggestion(key, known)}.`);
}

/**
 * For framework packages: refuses options that do not exist, with the one that may be meant.
 *
 * @throws {OptionsError}
 */
export function checkOptionNames(given: object, known: readonly string[]): void {
  const problems = unknownOptions(given, known);
  if (problems.length > 0) throw new OptionsError(problems);
}

/** The known option that looks most like a mistyped one, snake case included. */
function suggestion(key: string, known: readonly string[]): string {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const match =
    known.find((name) => plain(name) === plain(key)) ??
    known.find((name) => leven(plain(name), plain(key)) <= Math.min(3, Math.floor(key.length / 3)));
  return match === undefined ? '' : `; did you mean "${match}"`;
}
