/** Simulated time: sleeping takes no real time, and the time advances when all work waits for it. */
export class VirtualClock {
  /** Milliseconds since the start. */
  now = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.now + milliseconds, wake });
    });
  }

  /** Moves the time on until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    work.then(end, end);
    while (!isDone) {
      // Everything that the last step causes happens before the next turn of the event loop.
      await nextImmediate();
      await nextImmediate();
      this.#wakeNext();
    }
    return work;
  }

  #wakeNext(): void {
    if (this.#sleepers.length === 0) return;
    this.now = Math.min(...this.#sleepers.map(({ at }) => at));
    const due = this.#sleepers.filter(({ at }) => at === this.now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.now);
    for (const { wake } of due) wake();
  }
}

const nextImmediate = () => new Promise((resolve) => setImmediate(resolve));
