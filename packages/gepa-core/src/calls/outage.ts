import type { FailureKind } from './classify-error.ts';

/** After so many attempts in a row that failed for a passing reason, no new work is begun. */
const patience = 5;

/**
 * Whether the models can be had, as told by all attempts of both effects. While one after the other fails, new work
 * waits: what is under way goes on trying, and either comes through, or uses up its retries, and then the models count
 * as gone.
 */
export class ProviderHealth {
  /** Why the models count as gone. */
  loss: { readonly error: unknown } | undefined;
  #failuresInARow = 0;
  #waiting: (() => void)[] = [];

  /** To be waited for before new work is begun; nothing where all is well. */
  get pause(): Promise<void> | undefined {
    if (this.loss !== undefined || this.#failuresInARow < patience) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Somebody answered. */
  answered(): void {
    if (this.#failuresInARow > 0) this.#failuresInARow = 0;
    this.#goOn();
  }

  /** An attempt failed for a passing reason. */
  failed(): void {
    this.#failuresInARow++;
  }

  /** An effect failed for good. */
  gaveUp(kind: FailureKind, error: unknown): void {
    if (kind === 'program') {
      this.answered();
    } else if (kind === 'refused' || this.#failuresInARow >= patience) {
      this.loss ??= { error };
      this.#goOn();
    }
  }

  /** The run is over: nothing is waited for any more. */
  end(): void {
    this.#failuresInARow = 0;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}
