import { noTime, type SpendPhase, type TimeSpent, totalTime } from './spend.ts';

/** The wall-clock time of a run by phase. Phases that run at the same time share it. */
export class Stopwatch {
  readonly #spent: Record<SpendPhase | 'other', number>;
  readonly #running = new Map<SpendPhase, number>();
  #since = performance.now();

  constructor(earlier: TimeSpent = noTime) {
    this.#spent = { ...earlier };
  }

  /** Counts the time until `stop` for this phase. */
  start(phase: SpendPhase): void {
    const running = this.#running.get(phase) ?? 0;
    if (running === 0) this.#account();
    this.#running.set(phase, running + 1);
  }

  stop(phase: SpendPhase): void {
    const running = this.#running.get(phase)! - 1;
    if (running > 0) {
      this.#running.set(phase, running);
      return;
    }
    this.#account();
    this.#running.delete(phase);
  }

  /** Over all sessions. */
  get elapsedMs(): number {
    return totalTime(this.spent);
  }

  get spent(): TimeSpent {
    this.#account();
    return { ...this.#spent };
  }

  #account(): void {
    const now = performance.now();
    const passed = now - this.#since;
    this.#since = now;
    if (this.#running.size === 0) this.#spent.other += passed;
    for (const phase of this.#running.keys()) this.#spent[phase] += passed / this.#running.size;
  }
}
