import type { ParetoFrontier } from './pareto-frontier.ts';
import type { FrontierKeyName, FrontierType, ScoredCandidate } from './search-view.ts';

/** The keys of a frontier by its type, numbered in order of first insertion. */
export class FrontierKeys {
  readonly names: FrontierKeyName[] = [];
  readonly #type: FrontierType;
  /** By objective, then by valset position. */
  readonly #numbers = new Map<string | undefined, Map<number | undefined, number>>();

  constructor(type: FrontierType) {
    this.#type = type;
  }

  /** Offers a candidate's scores for all keys of the frontier. */
  offer(frontier: ParetoFrontier, candidate: ScoredCandidate): void {
    const { index, scores, objectives = {}, objectiveScores = {} } = candidate;
    const offer = (score: number | null | undefined, example?: number, objective?: string) => {
      if (score !== null && score !== undefined) frontier.offer(index, this.#key(example, objective), score);
    };
    if (this.#type === 'instance' || this.#type === 'hybrid') {
      scores.forEach((score, example) => void offer(score, example));
    }
    if (this.#type === 'objective' || this.#type === 'hybrid') {
      for (const [objective, mean] of Object.entries(objectives)) offer(mean, undefined, objective);
    }
    if (this.#type === 'cartesian') {
      // Example by example, so that the keys are in the order of the valset.
      for (const example of scores.keys()) {
        for (const [objective, values] of Object.entries(objectiveScores)) {
          offer(values[example], example, objective);
        }
      }
    }
  }

  #key(example: number | undefined, objective: string | undefined): number {
    let numbers = this.#numbers.get(objective);
    if (numbers === undefined) {
      numbers = new Map();
      this.#numbers.set(objective, numbers);
    }
    let number = numbers.get(example);
    if (number === undefined) {
      number = this.names.length;
      numbers.set(example, number);
      this.names.push({
        ...(example === undefined ? {} : { example }),
        ...(objective === undefined ? {} : { objective }),
      });
    }
    return number;
  }
}
