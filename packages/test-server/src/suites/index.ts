/** Vitest suites that every framework package runs in its own test files, and hooks for such files. */
export { exportSuite } from './exports.ts';
export {
  type CompileAt,
  expectGivenUp,
  type GivingUpSubject,
  givingUpSuite,
  type Outcome,
  outcomeByTestClock,
  type RunOptions,
} from './giving-up.ts';
export { type LoadSubject, loadSuite } from './load.ts';
export { type PriceSubject, priceSuite, type TestPrice } from './prices.ts';
export {
  type ClientErrorSubject,
  clientErrorSuite,
  type FailingRunOptions,
  type ProviderFailureSubject,
  providerFailureSuite,
} from './provider-failures.ts';
export {
  imageReadingSuite,
  type ReflectionModelSubject,
  reflectionModelSuite,
  replyToPrompt,
} from './reflection-model.ts';
export { type RunDirectoryOptions, type RunDirectorySubject, runDirectorySuite } from './run-directory.ts';
export { type TraceImageOptions, traceImageSuite } from './trace-images.ts';
export { useServer } from './use-server.ts';
