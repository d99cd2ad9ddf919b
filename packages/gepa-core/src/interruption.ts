import type { LimitName } from './budget/max-of-call.ts';

/** Why a call has no value. */
export interface Interruption {
  readonly reason:
    | 'aborted'
    | LimitName
    /** The provider is down for every call: the run ends. */
    | 'providerUnavailable'
    /** This call failed for a reason that is not the program's; others may succeed. */
    | 'unavailable';
  readonly error?: unknown;
}

/** Thrown inside a call to end it with a known reason. */
export class Interrupted extends Error {
  readonly interruption: Interruption;

  constructor(interruption: Interruption) {
    super(`The run ends here: ${interruption.reason}.`);
    this.interruption = interruption;
  }
}
