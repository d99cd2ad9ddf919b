import type { ParetoFront } from './pareto-frontier.ts';
import type { FrontierType, FrontKeyName, ScoredCandidate } from './search-view.ts';

/** Numbers the keys of a front by first insertion and offers candidates to them. */
export class FrontKeys {
  readonly names: FrontKeyName[] = [];
  readonly #type: FrontierType;
  readonly #byObjective = new Map<string | undefined, number[]>();

  constructor(type: FrontierType) {
    this.#type = type;
  }

  offer(front: ParetoFront, candidate: ScoredCandidate): void {
    const { index, scores, objectives = {}, objectiveScores = {} } = candidate;
    if (this.#type === 'instance' || this.#type === 'hybrid') this.#offerExamples(front, index, scores);
    if (this.#type === 'objective' || this.#type === 'hybrid') {
      for (const [objective, mean] of Object.entries(objectives)) {
        front.offer(index, this.#key(objective, -1), mean);
      }
    }
    if (this.#type === 'cartesian') {
      // Example by example, so that the keys stand in the order of the valset.
      scores.forEach((_, example) => {
        for (const [objective, values] of Object.entries(objectiveScores)) {
          const value = values[example];
          if (value !== null && value !== undefined) front.offer(index, this.#key(objective, example), value);
        }
      });
    }
  }

  #offerExamples(front: ParetoFront, index: number, scores: readonly (number | null)[]): void {
    for (let example = 0; example < scores.length; example++) {
      const score = scores[example];
      if (score !== null && score !== undefined) front.offer(index, this.#key(undefined, example), score);
    }
  }

  /** `example` −1 stands for the objective's mean. */
  #key(objective: string | undefined, example: number): number {
    let keys = this.#byObjective.get(objective);
    if (keys === undefined) {
      keys = [];
      this.#byObjective.set(objective, keys);
    }
    let key = keys[example + 1];
    if (key === undefined) {
      key = this.names.length;
      keys[example + 1] = key;
      this.names.push({
        ...(example === -1 ? {} : { example }),
        ...(objective === undefined ? {} : { objective }),
      });
    }
    return key;
  }
}
