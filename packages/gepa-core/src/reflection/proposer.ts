import type { ProposeRequest } from '../adapter/adapter.ts';
import type { AnyAdapter, AnyRollout } from '../adapter/any.ts';
import type { CallEnvironment } from '../calls/call.ts';
import type { Semaphore } from '../calls/semaphore.ts';
import type { Candidate } from '../component.ts';
import type { Interruption } from '../interruption.ts';
import type { LanguageModel } from '../language-model.ts';
import type { Mask } from '../masking/mask.ts';
import type { ProposalRejection, RefusedTexts } from '../rejection.ts';
import type { ScoredCandidate } from '../search/state/search-view.ts';
import type { CutOffStreak } from './answer/cut-off-streak.ts';
import type { CheckLimits, TextLimits } from './answer/text-limits.ts';
import type { Knowledge } from './knowledge.ts';
import type { Memory } from './memory/memory.ts';

/** A parent, the components to rewrite, and the parent's rollouts on the minibatch. */
export interface ProposalRequest<Name extends string> {
  readonly iteration: number;
  readonly task: number;
  /** The number of the proposal in the run. */
  readonly proposal: number;
  /** The number of the parent. */
  readonly parent: number;
  readonly candidate: Candidate<Name>;
  readonly components: readonly Name[];
  /** Positions in the trainset. */
  readonly minibatch: readonly number[];
  readonly rollouts: readonly AnyRollout[];
  /** For a merge: the candidate whose strengths the new texts should add. */
  readonly other?: Other<Name>;
  /** A training example outside the minibatch that the parent is known to solve, where the minibatch has none. */
  readonly success?: AnyRollout;
}

/** The second parent of a merge that a reflection makes. */
export interface Other<Name extends string> {
  readonly candidate: ScoredCandidate<Name>;
  /** By place in the minibatch. */
  readonly scores: readonly number[];
}

/** The new texts; or why there are none; or why the proposer was not asked. */
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
export type Proposer<Name extends string> = (request: ProposalRequest<Name>) => Promise<Proposal<Name>>;

export interface ProposeOptions<Name extends string> {
  readonly calls: CallEnvironment;
  readonly adapter: AnyAdapter<Name>;
  readonly model: LanguageModel | undefined;
  /** The caller's own proposer, instead of the model. */
  readonly propose: ((request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>) | undefined;
  readonly templates: Partial<Record<Name, string>> | string | undefined;
  readonly maxRecordCharacters?: number;
  readonly perfectScore: number;
  /** The number of concurrent calls. */
  readonly concurrency: number;
  /** Masks texts in records. */
  readonly mask: Mask;
  readonly knowledge: Knowledge<Name> & Pick<TextLimits<Name>, 'maxLength'>;
  readonly memory: Memory<Name>;
  readonly checkLimits: CheckLimits;
  readonly warn: (message: string) => void;
}

/** The state that all proposals of a run share. */
export interface SharedByProposals {
  readonly semaphore: Semaphore;
  readonly cutOffs: CutOffStreak;
  readonly warnOfCutOffs: () => void;
}

/** The outcome of a reflection that leaves all texts as they are. */
export function noText<Name extends string>({ components }: { components: readonly Name[] }): Proposal<Name> {
  return {
    rejected: { reason: 'unchanged', message: `No new text was proposed for ${components.join(', ')}.` },
  };
}

/** Longer texts are not kept in the history. */
const MAX_REFUSED_CHARACTERS = 20_000;

/** A refused text for the history, unless it is too long. */
export function refusedText(text: string): string | undefined {
  return text.length <= MAX_REFUSED_CHARACTERS ? text : undefined;
}
