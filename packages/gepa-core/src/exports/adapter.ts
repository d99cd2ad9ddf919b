/** Helpers for authors of adapters and framework packages, in addition to `gepa-core`. */

export type * from '../adapter/adapter.ts';
export type * from '../adapter/call-meter.ts';
export type * from '../adapter/experience.ts';
export { maxInputTokens } from '../adapter/max-input-tokens.ts';
export { raceSignal } from '../adapter/race-signal.ts';
export { stepTools } from '../adapter/step-tools.ts';
export {
  type Step,
  type StepKind,
  type StepTool,
  stepsOf,
  usageAndFinishReason,
  usageOfSteps,
  walkSteps,
} from '../adapter/trace.ts';
export {
  addUsage,
  isUnknownUsage,
  modelCallUsage,
  noUsage,
  priceUsage,
  reportedUsage,
  soundUsage,
} from '../budget/usage.ts';
export { isUnreached, ModelCallError, modelCallError } from '../calls/classify-error.ts';
export { checkOptions } from '../check-options.ts';
export { freeName, seedCandidateOf } from '../component.ts';
export { examplesOfRows } from '../data/rows.ts';
export { withAbsoluteRunDir } from '../journal/absolute-run-dir.ts';
export { aFlag, aList, anObject, anyValue, aText, type Kind, type Kinds } from '../kinds.ts';
export { secretsIn } from '../masking/secrets.ts';
export { packageVersions } from '../node/package-versions.ts';
export { hookPart, unhookedDescriptors } from '../program/part-hooks.ts';
export { selectionKinds } from '../program/select-components.ts';
export { asServable, type ServedParts, servedParts } from '../program/served-target.ts';
export { createTarget, type TargetBinding } from '../program/target.ts';
export {
  type CandidateBinding,
  type Copies,
  currentBinding,
  tunableComponents,
  withCandidate,
  withoutCandidate,
} from '../program/tunable.ts';
export { RolloutImages } from '../reflection/records/images.ts';
export { defaultRecords } from '../reflection/records/records.ts';
export { describeSchema } from '../text/describe-schema.ts';
export { imageName } from '../text/images.ts';
export { type Plain, type PlainOptions, toPlain } from '../text/plain.ts';
