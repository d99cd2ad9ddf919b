import { type Expense, noTime, type TimeSpent } from './spend.ts';

/** Tells where the wall-clock time of a run goes. What goes on at the same time shares it. */
export class Stopwatch {
  readonly #spent: Record<Expense | 'other', number>;
  readonly #running = new Map<Expense, number>();
  #since = performance.now();

  constructor(earlier: TimeSpent = noTime) {
    this.#spent = { ...earlier };
  }

  /** Counts the time until `stop` as spent on this. */
  start(expense: Expense): void {
    const running = this.#running.get(expense) ?? 0;
    if (running === 0) this.#account();
    this.#running.set(expense, running + 1);
  }

  stop(expense: Expense): void {
    const running = this.#running.get(expense)! - 1;
    if (running > 0) {
      this.#running.set(expense, running);
      return;
    }
    this.#account();
    this.#running.delete(expense);
  }

  /** Over all sessions. */
  get elapsedMs(): number {
    let sum = performance.now() - this.#since;
    for (const ms of Object.values(this.#spent)) sum += ms;
    return sum;
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
    for (const expense of this.#running.keys()) this.#spent[expense] += passed / this.#running.size;
  }
}
