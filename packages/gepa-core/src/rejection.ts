/** By component, why its new text was refused, and the text if the answer had one. */
export type RefusedTexts<Name extends string = string> = Partial<
  Record<Name, { readonly reason: ProposalRejection; readonly message: string; readonly text?: string }>
>;

/** Why a task led to no child. */
export type ProposalRejection =
  /** The answer ended in mid-text, was empty or far too long, or broke the component's contract, twice. */
  | 'cut_off'
  | 'empty'
  /** The answer had no block and was no text, or was a copy of the prompt, twice. */
  | 'no_text'
  | 'lost_placeholder'
  | 'invented_placeholder'
  /** The new text exceeded `maxLength`, was refused by `validate`, or copied training examples, twice. */
  | 'too_long'
  | 'refused'
  | 'copied'
  /** The new text equals the old one, or the proposer gave none. */
  | 'unchanged'
  /** The child equals a candidate that is known already. */
  | 'duplicate'
  /** The proposer threw. */
  | 'proposer_failed'
  /** Rollouts failed for reasons that are not the program's. */
  | 'unavailable';
