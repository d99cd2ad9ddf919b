/** Applies a saved candidate in production, without the optimizer. */

import {
  anyValue,
  checkOptions,
  type LoadProgramOptions,
  loadKinds,
  loadProgram,
  type SavedCandidate,
} from 'gepa-core/load';
import { findTexts } from './find-texts.ts';
import { type GepaOptions, textKinds } from './options.ts';

export type { SavedCandidate, Tunable } from 'gepa-core/load';
export { type TunablePrompt, tunable } from './tunable.ts';

/** The options that `gepa` had when the candidate was optimized, and `ifChanged`. */
export interface LoadOptions extends Omit<GepaOptions, 'config'>, LoadProgramOptions {
  /** Ignored, so that `gepa` and `load` can share their options: only rollouts use it. */
  readonly config?: unknown;
}

/**
 * Returns a new program with saved texts: what `gepa(program, options).load(saved)` does, in a fraction of the code.
 * The program itself is never changed.
 *
 * @param saved The path of a file that `save` wrote, or the object that `toJSON` returned.
 * @throws {CandidateMismatchError} when the texts do not fit the program's components, or when the program's own text
 * of a component has changed since it was optimized (see `ifChanged`).
 * @throws {FileAccessError} when a file cannot be read.
 * @throws {FileFormatError} when it is not a saved candidate.
 * @throws {NoComponentsError} when the program has no text to replace.
 * @throws {OptionsError} when an option is of the wrong kind, or names a component that does not exist.
 */
export function load<Program extends { invoke(...args: never): Promise<unknown> }>(
  program: Program,
  saved: string | SavedCandidate,
  options: LoadOptions = {},
): Program {
  checkOptions(options, { ...textKinds, ...loadKinds, config: anyValue });
  const { config: _config, ...texts } = options;
  const { include, exclude, rename, variables, ifChanged } = options;
  return loadProgram(findTexts(program, texts), saved, { include, exclude, rename, variables, ifChanged });
}
