import { checkOptions } from '../check-options.ts';
import { type Candidate, type Component, seedCandidateOf } from '../component.ts';
import type { Kind } from '../kinds.ts';
import { rememberOriginals } from '../saved/originals.ts';
import {
  candidateFrom,
  parseSavedCandidate,
  readSavedCandidate,
  type SavedCandidate,
} from '../saved/saved-candidate.ts';
import { withDeclaredVariables } from './declared-variables.ts';
import { type ComponentSelectionOptions, selectComponents, selectionKinds } from './select-components.ts';
import { foundCandidate, publicComponents } from './selection-adapter.ts';

/** The texts found in a program, and a way to replace them. */
export interface ProgramTexts<Program> {
  /** All components found in the program, before `include`, `exclude` and `rename`. */
  readonly components: Readonly<Record<string, Component>>;
  /** Returns a new program; the original is not changed. A component missing from the candidate keeps its text. */
  readonly apply: (candidate: Candidate) => Program;
  /**
   * Finds the texts again, including those of `names` that are not components by default, which a saved candidate may have.
   * Default: every text is a component.
   */
  readonly including?: ((names: readonly string[]) => ProgramTexts<Program>) | undefined;
}

export interface LoadProgramOptions extends ComponentSelectionOptions {
  /**
   * What to do when the program's own text of a component is no longer the one that was optimized. Default:
   * `'refuse'`, which throws.
   */
  readonly ifChanged?: 'refuse' | 'apply' | undefined;
}

/** What each of these options must be. */
export const loadKinds = {
  ...selectionKinds,
  ifChanged: { words: "'refuse' or 'apply'", is: (value) => value === 'refuse' || value === 'apply' },
} satisfies Record<keyof LoadProgramOptions, Kind>;

/**
 * Returns a new program with saved texts: what `target.load` does, without the code that optimizes.
 *
 * @param saved The path of a file that `save` wrote, or the object that `toJSON` returned.
 * @throws {CandidateMismatchError} when the texts do not fit the program's components, or when the program's own text
 * of a component has changed since it was optimized (see `ifChanged`).
 * @throws {FileAccessError} when a file cannot be read.
 * @throws {FileFormatError} when it is not a saved candidate.
 * @throws {OptionsError} when the selection names a component that does not exist, or an option is of another kind.
 */
export function loadProgram<Program>(
  texts: ProgramTexts<Program>,
  saved: string | SavedCandidate,
  options: LoadProgramOptions = {},
): Program {
  checkOptions(options, loadKinds);
  const { ifChanged = 'refuse', ...selection } = options;
  const contents =
    typeof saved === 'string' ? readSavedCandidate(saved) : parseSavedCandidate(saved, 'The object');
  const { components, apply } = texts.including?.(foundNames(contents, selection)) ?? texts;
  const declared = withDeclaredVariables(components, selection.variables);
  const selected = selectComponents(declared, selection);
  const publicOnes = publicComponents<string>(selected);
  const candidate = candidateFrom(contents, publicOnes, ifChanged);
  rememberOriginals(seedCandidateOf(publicOnes), candidate);
  return apply(foundCandidate(selected, candidate));
}

/** The names under which the texts were found. */
function foundNames({ texts }: SavedCandidate, { rename = {} }: ComponentSelectionOptions): string[] {
  const found = new Map(Object.entries(rename).map(([foundName, name]) => [name, foundName]));
  return Object.keys(texts).map((name) => found.get(name) ?? name);
}
