import { type LoadProgramOptions, loadProgram, type SavedCandidate } from 'gepa-core/load';
import { findTexts, type Program, type TextOptions } from './texts.ts';

/** A copy of the program with saved texts, for production: without the optimizer. The options are those of `gepa`. */
export function load<Source extends Program>(
  program: Source,
  saved: string | SavedCandidate,
  { tools = false, tunables = [], ...options }: TextOptions & LoadProgramOptions = {},
): Source {
  return loadProgram(findTexts(program, { tools, tunables }), saved, options);
}
