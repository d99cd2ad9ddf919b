/** So many reflections in a row, each asked twice, are no accident. */
const MAX_CUT_OFF = 2;

/** Counts reflections that were cut off in a row. Iterations count as a whole, so that latencies decide nothing. */
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
