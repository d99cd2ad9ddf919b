import type { FailureKind } from './classify-error.ts';

/** After so many transient failures in a row, no new call starts. */
const MAX_FAILURES_IN_A_ROW = 5;

/**
 * Detects that the provider is down, by the attempts of all calls. While attempts keep failing, new calls wait: those in
 * flight go on retrying, and either one succeeds, or one uses up its retries, and then the outage counts as final.
 */
export class Outage {
  /** Set once the outage is final. */
  final: { readonly error: unknown } | undefined;
  /** When each step was last answered: program, metric and reflection model may have different providers. */
  readonly #answeredAt = new Map<string, number>();
  #failuresInARow = 0;
  /** By step: the end of the wait that its provider asked for. */
  readonly #pausedUntil = new Map<string, number>();
  #waiting: (() => void)[] = [];

  /** Resolves at once unless an outage is suspected. */
  async passed(): Promise<void> {
    if (this.isSuspected) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Whether new calls have to wait. */
  get isSuspected(): boolean {
    return this.final === undefined && this.#failuresInARow >= MAX_FAILURES_IN_A_ROW;
  }

  /** An attempt was answered. */
  answered(): void {
    this.#failuresInARow = 0;
    this.#wake();
  }

  /** A step, or a model call in it, was answered. The attempt may still fail. */
  noteAnswer(step: string): void {
    this.#answeredAt.set(step, performance.now());
  }

  /** When a step was last answered, by `performance.now()`; 0 if never. */
  answeredAt(step: string): number {
    return this.#answeredAt.get(step) ?? 0;
  }

  /** Whether a step was ever answered. */
  hasAnswered(step: string): boolean {
    return this.#answeredAt.has(step);
  }

  /** An attempt failed for a transient reason. */
  failed(): void {
    this.#failuresInARow++;
  }

  /** The provider of a step asked all its callers to wait. */
  pause(step: string, ms: number): void {
    const until = performance.now() + ms;
    this.#pausedUntil.set(step, Math.max(until, this.#pausedUntil.get(step) ?? 0));
  }

  /** Milliseconds until a step may be tried; not above 0 if it may. */
  waitFor(step: string): number {
    const until = this.#pausedUntil.get(step);
    return until === undefined ? 0 : until - performance.now();
  }

  /** A call failed for good. */
  gaveUp(kind: FailureKind, error: unknown): void {
    if (kind === 'program') {
      this.answered();
    } else if (kind === 'refused' || this.#failuresInARow >= MAX_FAILURES_IN_A_ROW) {
      this.final ??= { error };
      this.#wake();
    }
  }

  /** Lets waiting calls go on: no attempt in flight will be answered any more. */
  stopWaiting(): void {
    this.#failuresInARow = 0;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proceed of waiting) proceed();
  }
}
