/** A text that was tried for a component, with the outcome. */
export interface TriedText {
  readonly iteration: number;
  /** The number of the candidate whose text it should replace: the parent, or an ancestor of the parent. */
  readonly parent: number;
  /** The text that it should replace. */
  readonly replaced: string;
  /** `undefined` when no text was proposed. With a `rejection`, the text was refused and never run. */
  readonly text: string | undefined;
  /** The other components that changed with it. */
  readonly alongside: readonly string[];
  /** The scores on the minibatch, without the new text and with it. `example` is a position in the trainset. */
  readonly scores: readonly { readonly example: number; readonly before: number; readonly after: number }[];
  /** Whether it passed the acceptance criterion. */
  readonly accepted: boolean;
  /** The candidate that it is part of, with its mean score on the valset. */
  readonly candidate?: { readonly index: number; readonly mean: number };
  /** Why there is no text, or why it was refused: a `ProposalRejection`, and a message. */
  readonly rejection?: { readonly reason: string; readonly message: string };
  /** Whether the run that `continueFrom` names tried it; `iteration` and `parent` are then numbers of that run. */
  readonly isOfEarlierRun?: boolean;
}

/** What the feedback of a run has revealed for a component so far. */
export interface Learned {
  /** Distinct answers that the feedback named as expected, or that scored perfectly; in order of appearance. */
  readonly answers: readonly Finding[];
  /**
   * Distinct remarks of the feedback on imperfect rollouts, the most frequent first. Remarks that differ only in quoted
   * words and numbers count as one remark; `variants` lists the quoted words.
   */
  readonly demands: readonly Finding[];
}

/** An answer, or the latest wording of a remark. */
export interface Finding {
  readonly text: string;
  /** The ids of the examples that it is about. */
  readonly exampleIds: readonly string[];
  /** The quoted words of the other remarks that count as this one. */
  readonly variants?: readonly string[];
}
