import { nextTurn } from './next-turn.ts';

/** Shorter work is not worth a turn. */
const TURN_MS = 10;

/** Steps of work on texts of any length. After some of it, timers and signals act before the next step. */
export class Pace {
  #workedMs = 0;
  #turn: Promise<void> | undefined;

  async step<T>(work: () => T): Promise<T> {
    while (this.#turn !== undefined) await this.#turn;
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      this.#workedMs += performance.now() - startedAt;
      if (this.#workedMs > TURN_MS) this.#turn = this.#passTurn();
    }
  }

  /** Runs work that can pause where it yields. */
  async steps<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      const { done, value } = await this.step(() => work.next());
      if (done === true) return value;
    }
  }

  async #passTurn(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
    this.#workedMs = 0;
  }
}

/** Runs work to its end without a pause. */
export function withoutPause<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
