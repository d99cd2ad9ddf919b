/** Why an effect brought nothing that counts. */
export interface Interruption {
  readonly reason:
    | 'aborted'
    | 'maxMetricCalls'
    | 'maxCostUsd'
    | 'maxTokens'
    /** The models are gone for all. */
    | 'providerUnavailable'
    /** This one could not be had; others may. */
    | 'unavailable';
  readonly error?: unknown;
}

/** Thrown where an effect is not to be had, for a reason that is known. */
export class Interrupted extends Error {
  readonly interruption: Interruption;

  constructor(interruption: Interruption) {
    super(`The run ends here: ${interruption.reason}.`);
    this.interruption = interruption;
  }
}
