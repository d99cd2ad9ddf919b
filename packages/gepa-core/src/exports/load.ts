/**
 * Applies saved candidates in production: the parts that a framework package needs. The build puts them into chunks without
 * the optimizer.
 */

export { checkOptions } from '../check-options.ts';
export type { Candidate, Component, ComponentKind } from '../component.ts';
export { freeName } from '../component.ts';
export {
  CandidateMismatchError,
  FileAccessError,
  FileFormatError,
  GepaError,
  NoComponentsError,
  OptionsError,
} from '../errors.ts';
export { aFlag, anObject, anyValue, aText, type Kind, type Kinds } from '../kinds.ts';
export * from '../program/load-program.ts';
export { copyOfPart, hookPart, unhookedDescriptors } from '../program/part-hooks.ts';
export { type ComponentSelectionOptions, selectionKinds } from '../program/select-components.ts';
export * from '../program/tunable.ts';
export type { SavedCandidate } from '../saved/saved-candidate.ts';
