import { nextTurn } from './next-turn.ts';

/** Shorter work is not worth a turn. */
const TURN_MS = 10;

/** Steps of work on texts of any length. After some of it, timers and signals act before the next step. */
export class Pace {
  #workedMs = 0;
  #turn: Promise<void> | undefined;

  async step<T>(work: () => T): Promise<T> {
    while (this.#turn !== undefined) await this.#turn;
    return this.#stepNow(work);
  }

  /** Runs work that can pause where it yields. Urgent work begins at once. */
  async steps<T>(work: Generator<void, T>, { isUrgent = false } = {}): Promise<T> {
    for (let isNow = isUrgent; ; isNow = false) {
      const go = () => workFor(TURN_MS, work);
      const { done, value } = isNow ? this.#stepNow(go) : await this.step(go);
      if (done === true) return value;
    }
  }

  #stepNow<T>(work: () => T): T {
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      this.#workedMs += performance.now() - startedAt;
      if (this.#workedMs > TURN_MS) this.#turn ??= this.#passTurn();
    }
  }

  async #passTurn(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
    this.#workedMs = 0;
  }
}

function workFor<T>(ms: number, work: Generator<void, T>): IteratorResult<void, T> {
  const end = performance.now() + ms;
  let result = work.next();
  while (result.done !== true && performance.now() < end) result = work.next();
  return result;
}

/** Runs work to its end without a pause. */
export function withoutPause<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
