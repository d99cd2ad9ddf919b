import leven from 'leven';
import { OptionsError } from '../errors.ts';

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
