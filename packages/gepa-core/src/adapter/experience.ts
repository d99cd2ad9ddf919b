/** A text that was tried for a component, and what came of it. */
export interface TriedText {
  readonly iteration: number;
  /** The candidate whose text it was to replace: the parent, or an ancestor of the parent. */
  readonly parent: number;
  /** The text that it was to replace. */
  readonly replaced: string;
  /** `undefined` when no text was proposed; with a `rejection`, the text was refused and not run. */
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
  /** Tried by the run that this one continues; `iteration` and `parent` are numbers of that run. */
  readonly isOfEarlierRun?: boolean;
}

/** What the feedback of a run has revealed for a component so far. */
export interface Learned {
  /** Distinct answers that the feedback named as expected, or that scored perfectly; in the order in which they came up. */
  readonly answers: readonly Finding[];
  /**
   * Distinct remarks of the feedback on imperfect rollouts, the most common first. Remarks that differ only in quoted
   * words and numbers count as one, which has the quoted words of all as `variants`.
   */
  readonly demands: readonly Finding[];
}

/** An answer, or a remark as it was last made. */
export interface Finding {
  readonly text: string;
  /** The ids of the examples that it concerned. */
  readonly exampleIds: readonly string[];
  /** What other remarks that count as this one quote in place of its quoted words. */
  readonly variants?: readonly string[];
}
