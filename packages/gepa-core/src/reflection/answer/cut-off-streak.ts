/** After this many cut-off reflections in a row, each asked twice, a second question is pointless. */
const MAX_CUT_OFF = 2;

/** Counts cut-off reflections in a row. Iterations count as a whole, so that latencies do not matter. */
export class CutOffStreak {
  readonly #iterations = new Map<number, { reflections: number; cutOff: number }>();

  add(iteration: number, isCutOff: boolean): void {
    const { reflections, cutOff } = this.#iterations.get(iteration) ?? { reflections: 0, cutOff: 0 };
    this.#iterations.set(iteration, {
      reflections: reflections + 1,
      cutOff: cutOff + (isCutOff ? 1 : 0),
    });
  }

  /** Whether the last reflections before an iteration were all cut off, and too many of them. */
  isTooLong(iteration: number): boolean {
    let count = 0;
    for (let earlier = iteration - 1; earlier > 0 && count < MAX_CUT_OFF; earlier--) {
      const { reflections, cutOff } = this.#iterations.get(earlier) ?? { reflections: 0, cutOff: 0 };
      if (cutOff < reflections) return false;
      count += cutOff;
    }
    return count >= MAX_CUT_OFF;
  }
}
