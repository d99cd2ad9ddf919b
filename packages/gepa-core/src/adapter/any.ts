import type { Adapter, Execution, Rollout } from './adapter.ts';

/**
 * An adapter as the engine sees it. The engine does not look into examples, outputs and traces: their types end where
 * `resolveOptions` takes the options, and begin again in the results of `optimize` and `evaluate`.
 */
export type AnyAdapter<Name extends string = string> = Adapter<unknown, unknown, unknown, Name>;

/** The same of a rollout. */
export type AnyRollout = Rollout<unknown, unknown, unknown>;

/** The same of what the program returned. */
export type AnyExecution = Execution<unknown, unknown>;
