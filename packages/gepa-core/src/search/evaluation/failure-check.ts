import type { Phase } from '../../adapter/adapter.ts';
import type { AnyRollout } from '../../adapter/any.ts';
import type { Outage } from '../../calls/outage.ts';
import type { Interruption } from '../../interruption.ts';
import { messageOf } from '../../text/error-message.ts';
import type { ExampleRef } from './examples.ts';

/** Fewer failures in a row are not checked, except on the testset, after which no rollouts follow. */
const MIN_FAILURES = 3;
const MAX_PROBES = 10;
/** The maximum probability that a working seed fails in every probe. */
const MAX_CHANCE = 0.001;
/** Failures with a smaller probability are taken for an outage. */
const MAX_CHANCE_OF_JUMP = 0.01;

/** How many rollouts were made, and how many failed. */
export interface Failures {
  readonly failed: number;
  readonly made: number;
}

/** Whether more of a candidate's rollouts failed than its earlier failures make likely. */
export function haveJumped({ failed, made }: Failures, before: Failures): boolean {
  if (failed < MIN_FAILURES || before.made === 0) return false;
  const rate = (before.failed + 1) / (before.made + 2);
  // The chance of fewer failures, by the binomial distribution.
  let chance = (1 - rate) ** made;
  let fewer = 0;
  for (let count = 0; count < failed; count++) {
    fewer += chance;
    chance *= (((made - count) / (count + 1)) * rate) / (1 - rate);
  }
  return 1 - fewer < MAX_CHANCE_OF_JUMP;
}

/** A rollout, as far as it matters here. */
type ProbeOutcome = Pick<AnyRollout, 'error' | 'failedIn'> | { readonly interruption: Interruption };

/**
 * Distinguishes failures of a candidate from an outage that no error identifies, such as a session that expires: after
 * failures at the end of an evaluation, the seed is run again on examples that it has answered before.
 */
export class FailureCheck {
  readonly #outage: Outage;
  readonly #warn: (message: string) => void;
  readonly #answered: ExampleRef[] = [];
  #failures = 0;

  constructor(outage: Outage, warn: (message: string) => void) {
    this.#outage = outage;
    this.#warn = warn;
  }

  /** Adds a rollout of the seed on the valset. */
  learnSeed(ref: ExampleRef, hasFailed: boolean): void {
    if (hasFailed) this.#failures++;
    else this.#answered.push(ref);
  }

  /**
   * Why an evaluation that ended in failures is void, or `undefined` if the failures are the candidate's. An outage ends
   * the run.
   *
   * @param probe runs the seed, without the cache.
   */
  async voidBecause(
    failuresInARow: number,
    phase: Phase,
    probe: (ref: ExampleRef, number: number) => Promise<ProbeOutcome>,
  ): Promise<Interruption | undefined> {
    const examples = this.#examplesFor(failuresInARow, phase);
    let message = '';
    for (const [number, ref] of examples.entries()) {
      const outcome = await probe(ref, number);
      if (!('interruption' in outcome)) {
        if (outcome.error === undefined) return undefined;
        message = outcome.failedIn === 'metric' ? `the metric threw: ${outcome.error}` : outcome.error;
      } else {
        const { reason, error } = outcome.interruption;
        if (reason === 'aborted' || reason === 'providerUnavailable') return outcome.interruption;
        if (reason !== 'unavailable') {
          this.#warn(
            `An evaluation ended in failures (${failuresInARow} in a row), and ${reason} leaves no call to find out whether the program still works. They are scored as the candidate's.`,
          );
          return undefined;
        }
        message = messageOf(error);
      }
    }
    if (examples.length === 0) return undefined;
    const error = new Error(
      `after ${failuresInARow} failures in a row the seed candidate failed too, ${examples.length} times in a row on examples that it had answered before: ${message}`,
    );
    this.#outage.gaveUp('refused', error);
    return { reason: 'providerUnavailable', error };
  }

  /** So many examples that a seed which sometimes fails is unlikely to fail on all of them; empty if that is impossible. */
  #examplesFor(failuresInARow: number, phase: Phase): ExampleRef[] {
    const answered = this.#answered.length;
    if (answered === 0 || failuresInARow < (phase === 'testset' ? 1 : MIN_FAILURES)) return [];
    const examples: ExampleRef[] = [];
    // The chance of failures in a row, as far as what was seen of the seed determines how often it fails.
    for (let chance = 1; chance > MAX_CHANCE; ) {
      if (examples.length === MAX_PROBES) return [];
      chance *= (this.#failures + 1 + examples.length) / (answered + this.#failures + 2 + examples.length);
      examples.push(this.#answered[examples.length % answered]!);
    }
    return examples;
  }
}
