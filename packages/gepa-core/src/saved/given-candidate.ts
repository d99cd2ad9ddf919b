import { checkArgument } from '../check-options.ts';
import type { Candidate, Component } from '../component.ts';
import { anObject } from '../kinds.ts';
import {
  candidateFrom,
  checkCandidate,
  parseSavedCandidate,
  readSavedCandidate,
  type SavedCandidate,
} from './saved-candidate.ts';

/** A candidate as an option: its texts, or a saved candidate or the path of its file. */
export type GivenCandidate<Name extends string = string> =
  | Readonly<Record<Name, string>>
  | SavedCandidate
  | (string & {});

/**
 * The texts of a candidate. The program's own texts may have changed since it was saved.
 *
 * @throws {CandidateMismatchError} when it does not fit the program's components.
 * @throws {FileAccessError} when its file cannot be read.
 * @throws {FileFormatError} when it is not a saved candidate.
 * @throws {OptionsError} when it is neither.
 */
export function givenTexts<Name extends string>(
  components: Readonly<Record<Name, Component>>,
  candidate: GivenCandidate<Name>,
): Candidate<Name> {
  if (typeof candidate === 'string') {
    return candidateFrom(readSavedCandidate(candidate), components, 'apply');
  }
  const words = "its texts by component, a saved candidate, the path of its file, or 'seed'";
  checkArgument('A candidate', candidate, { ...anObject, words });
  return 'format' in candidate && 'texts' in candidate && typeof candidate.texts === 'object'
    ? candidateFrom(parseSavedCandidate(candidate, 'The candidate'), components, 'apply')
    : checkCandidate(components, candidate as Readonly<Record<Name, string>>);
}
