import type { Rollout } from '../adapter/adapter.ts';
import type { Interruption } from '../calls/interruption.ts';
import type { Candidate } from '../component.ts';
import type { ProposalRejection, RefusedTexts } from '../events.ts';

/** A parent, the components to rewrite, and the parent's rollouts on the minibatch. */
export interface ProposalRequest<Example, Output, Trace, Name extends string> {
  readonly iteration: number;
  readonly task: number;
  /** The number of the proposal in the run. */
  readonly number: number;
  /** The number of the parent. */
  readonly parent: number;
  readonly candidate: Candidate<Name>;
  readonly components: readonly Name[];
  /** Positions in the trainset. */
  readonly minibatch: readonly number[];
  readonly rollouts: readonly Rollout<Example, Output, Trace>[];
  /** A training example outside the minibatch that the parent is known to solve, where the minibatch has none. */
  readonly success?: Rollout<Example, Output, Trace> | undefined;
}

/** New texts; why there are none; or why the proposer was not asked. */
export type Proposal<Name extends string> =
  | { readonly texts: Partial<Record<Name, string>>; readonly refused?: RefusedTexts<Name> }
  | {
      readonly rejected: {
        readonly reason: ProposalRejection;
        readonly message: string;
        readonly error?: unknown;
        readonly refused?: RefusedTexts<Name>;
      };
    }
  | { readonly interruption: Interruption };

/** Asks for a proposal. */
export type Proposer<Example, Output, Trace, Name extends string> = (
  request: ProposalRequest<Example, Output, Trace, Name>,
) => Promise<Proposal<Name>>;
