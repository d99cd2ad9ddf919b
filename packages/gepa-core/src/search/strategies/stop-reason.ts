/** Why a run ended. A custom stop condition may return any other string. */
export type StopReason = KnownStopReason | (string & {});

/** The reasons that the engine gives. */
export type KnownStopReason =
  | 'maxMetricCalls'
  | 'maxIterations'
  | 'maxCostUsd'
  | 'maxTokens'
  | 'maxDurationMs'
  | 'scoreReached'
  | 'noImprovement'
  | 'stopFile'
  | 'aborted'
  /** The model provider is unavailable: an outage outlasted the retries, a key was refused, or a quota is used up. */
  | 'providerUnavailable'
  /** The run directory can no longer be written. */
  | 'runDirUnwritable'
  /** The best candidate is perfect on the whole valset; with objectives on the frontier, in each of them too. */
  | 'allPerfect'
  /** Candidates are perfect on the whole trainset, or parents were on every minibatch for a whole epoch. */
  | 'trainsetExhausted'
  /** For a whole epoch, no proposal had new texts to score. */
  | 'noNewProposals'
  /** The run failed; the thrown error has this result. */
  | 'error';
