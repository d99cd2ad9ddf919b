/** What applying a saved candidate needs, without the optimizer: for production, and for packages that load there. */

export type { Candidate, Component, ComponentKind } from '../component.ts';
export { freeName } from '../component.ts';
export * from '../errors.ts';
export { checkOptionNames } from '../options/option-names.ts';
export * from '../program/load-program.ts';
export type { SavedCandidate } from '../program/saved-candidate.ts';
export type { ComponentSelectionOptions } from '../program/select-components.ts';
export * from '../program/tunable.ts';
