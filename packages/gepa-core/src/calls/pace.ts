import { nextTurn } from './next-turn.ts';

/** Shorter steps are not worth a turn. */
const LONG_STEP_MS = 20;

/** Steps of work on texts of any length. After a long one, timers and signals act before the next. */
export class Pace {
  #turn: Promise<void> | undefined;

  async step<T>(work: () => T): Promise<T> {
    while (this.#turn !== undefined) await this.#turn;
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      if (performance.now() - startedAt > LONG_STEP_MS) this.#turn = this.#passTurn();
    }
  }

  async #passTurn(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
  }
}
