/** Applies a saved candidate in production, without the optimizer. */

import {
  checkOptions,
  type LoadProgramOptions,
  loadKinds,
  loadProgram,
  type SavedCandidate,
} from 'gepa-core/load';
import { findTexts, optionKinds, type TextOptions } from './find-texts.ts';
import type { Program } from './program/program.ts';

export { type SavedCandidate, type Tunable, tunable } from 'gepa-core/load';
export type { TextOptions } from './find-texts.ts';
export type { InstructionBlock, PromptBlockReference } from './program/instruction-blocks.ts';
export type { Parts } from './program/parts.ts';
export type { MastraLike, Program, WorkflowLike } from './program/program.ts';
export { instructionBlocks } from './program/prompt-blocks.ts';
export type { RequestContextValues } from './program/request-context.ts';

/** The options that `gepa` had when the candidate was optimized, and `ifChanged`. */
export interface LoadOptions extends TextOptions, LoadProgramOptions {
  /** The options of calls, whose `toolsets` and `clientTools` may have components. Otherwise only rollouts use it. */
  readonly config?: unknown;
}

/**
 * Returns a new agent or workflow with saved texts: what `gepa(program, options).load(saved)` does, in a fraction of
 * the code. The program itself is not changed.
 *
 * @param saved The path of a file that `save` wrote, or the object that `toJSON` returned.
 * @throws {CandidateMismatchError} when the texts do not fit the program's components, or when the program's own text
 * of a component has changed since it was optimized (see `ifChanged`).
 * @throws {FileAccessError} when a file cannot be read.
 * @throws {FileFormatError} when it is not a saved candidate.
 * @throws {NoComponentsError} when the program has no text to replace.
 * @throws {OptionsError} when the program is not an agent or workflow, or when an option or a component that it names does
 * not exist.
 */
export function load<Source extends Program>(
  program: Source,
  saved: string | SavedCandidate,
  options: LoadOptions = {},
): Source {
  checkOptions(options, { ...optionKinds, ...loadKinds });
  const { tools, requestContext, config, workflows, texts, tunables, parts, ...selection } = options;
  return loadProgram(findTexts(program, options), saved, selection);
}
