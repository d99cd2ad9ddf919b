import type { RunContext } from '../adapter/adapter.ts';
import type { CallRequest } from '../adapter/call-meter.ts';
import type { Usage } from '../budget/usage.ts';
import type { Candidate } from '../component.ts';
import type { Identity } from './identity.ts';
import type { PackedError } from './packed-error.ts';

/** How a model call ended. Neither field is set while it runs. */
export interface CallOutcome {
  readonly usage?: Usage;
  readonly failed?: 'unbilled' | 'unknown';
}

/** A model call that a worker reports. */
export interface ReportedCall extends CallOutcome {
  readonly request: CallRequest;
}

/** The outcome of one step of a job: the program, or one answer of the metric. */
export interface Part {
  readonly calls: readonly ReportedCall[];
  /** An execution, or what the metric returned. */
  readonly value?: unknown;
  readonly error?: PackedError;
  /** The differences between the programs of run and worker; the worker then ran nothing. */
  readonly refused?: readonly string[];
  /** Whether it is the last part of the job. */
  readonly isLast: boolean;
}

/** What the run asks for. */
export interface JobRequest {
  readonly candidate: Candidate;
  readonly example: unknown;
  readonly context: Omit<RunContext, 'signal' | 'meter'>;
  readonly timeoutMs: number;
  /** A known output: only the metric is run. */
  readonly execution?: { readonly output?: unknown; readonly trace?: unknown };
  /** How often the metric is run; 0 when the run does that itself. */
  readonly scores: 0 | 1 | 2;
}

/** A job in the queue. Its outcome replaces the request, and stays until the run has written it to its journal. */
export interface JobData {
  readonly inbox: string;
  /** Whether each model call waits until the run admits it. */
  readonly admitsCalls: boolean;
  readonly identity: Identity;
  readonly request?: JobRequest;
  readonly parts: readonly Part[];
}

/** A model call of a step of a job. */
export interface CallPlace {
  readonly job: string;
  readonly part: number;
  readonly call: number;
}

/** A message from a worker to a run. */
export type MessageToRun =
  | { readonly type: 'worker'; readonly worker: string; readonly identity: Identity }
  | ({ readonly type: 'begin'; readonly worker: string; readonly request: CallRequest } & CallPlace)
  | ({ readonly type: 'end' } & CallPlace & CallOutcome)
  /** Further parts can be read. */
  | { readonly type: 'news'; readonly job: string };

/** A message from a run to a worker. */
export type MessageToWorker =
  | { readonly type: 'hello'; readonly inbox: string }
  | { readonly type: 'abort'; readonly job: string }
  | ({ readonly type: 'answer'; readonly refused?: string } & CallPlace);

export const inboxOfRun = (queue: string, runId: string): string => `${queue}-run-${runId}`;
export const inboxOfWorker = (queue: string, worker: string): string => `${queue}-worker-${worker}`;
