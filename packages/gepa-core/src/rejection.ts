/** By component: why its new text was refused, and the text, if the answer had one. */
export type RefusedTexts<Name extends string = string> = Partial<
  Record<Name, { readonly reason: ProposalRejection; readonly message: string; readonly text?: string }>
>;

/** Why a task led to no child. */
export type ProposalRejection =
  /** No rollout on the minibatch read one of the components. */
  | 'unread'
  /** Twice the answer was cut off, empty or far too long, or broke the contract of the component. */
  | 'cut_off'
  | 'empty'
  /** Twice the answer had no usable block of text, or was a copy of the prompt. */
  | 'no_text'
  | 'lost_placeholder'
  | 'invented_placeholder'
  /** Twice the new text exceeded `maxLength`, was refused by `validate`, or copied training examples. */
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
