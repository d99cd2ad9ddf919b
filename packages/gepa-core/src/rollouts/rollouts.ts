import type { RunContext } from '../adapter/adapter.ts';
import type { AnyAdapter, AnyExecution } from '../adapter/any.ts';
import type { AttemptContext } from '../calls/call.ts';
import type { Candidate } from '../component.ts';
import type { Mask } from '../masking/mask.ts';
import type { AnyMetric } from '../metric.ts';

/** A rollout to make. */
export interface RolloutRequest<Name extends string>
  extends Pick<RunContext, 'iteration' | 'phase' | 'candidateIndex' | 'exampleId'> {
  /** Identifies the rollout in the journal of its run. Without a journal, several rollouts may have the same. */
  readonly key: string;
  readonly candidate: Candidate<Name>;
  readonly example: unknown;
  /** Whether the metric is asked again for the same output. */
  readonly repeatsMetric: boolean;
}

/** A rollout that is being made. Each of its steps may take several attempts. */
export interface RolloutInProgress {
  /** One attempt of the program. */
  run(given: AttemptContext): Promise<AnyExecution>;
  /** One attempt of the metric, which returns whatever the metric returned. */
  score(given: AttemptContext, execution: AnyExecution): Promise<unknown>;
  /** The rollout is over, and its outcome is in the journal if there is one. */
  end(): void;
}

/**
 * Where a run makes its rollouts. The engine decides which are made, reserves their budget, retries them and writes the
 * journal; a place only makes the attempts.
 */
export interface RolloutPlace<Name extends string> {
  /**
   * The steps whose attempts the place ends itself after `rolloutTimeoutMs`, because they may have to wait before they
   * start.
   */
  readonly limitsTimeOf: readonly ('program' | 'metric')[];
  /** Called before the first rollout. @throws why no rollout can be made. */
  open(): Promise<void>;
  start(request: RolloutRequest<Name>): RolloutInProgress;
  /** Called once at the end of the run, after its signal. */
  close(): Promise<void>;
}

/** What a place may know of the run. */
export interface RolloutRun<Name extends string> {
  readonly runId: string;
  readonly adapter: AnyAdapter<Name>;
  readonly metric: AnyMetric<Name>;
  readonly examples: readonly { readonly id: string; readonly example: unknown }[];
  readonly rolloutTimeoutMs: number;
  /** Whether each model call has to be admitted before it is made. */
  readonly admitsCalls: boolean;
  /** Whether the run has a journal, so that an earlier session may have started the same rollouts. */
  readonly hasJournal: boolean;
  readonly mask: Mask;
  /** Aborted when the run ends. */
  readonly signal: AbortSignal;
  readonly note: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** The option `rollouts`: makes the rollouts of a run in another place, such as the workers of a queue. */
export interface Rollouts {
  placeFor<Name extends string>(run: RolloutRun<Name>): RolloutPlace<Name>;
}
