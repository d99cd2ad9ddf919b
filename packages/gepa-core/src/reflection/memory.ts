import type { Rollout } from '../adapter/adapter.ts';
import type { Mask } from '../redact.ts';
import type { ExampleRef } from '../search/examples.ts';
import type { SearchState } from '../search/state.ts';
import { inputOf } from './example-parts.ts';
import { oneLine, regressionsOf, renderHistory, type TriedText, triedTexts } from './history.ts';
import { type Learned, LearnedFeedback, renderLearned } from './learned.ts';

/** The parent and the minibatch of a proposal. */
interface Place {
  readonly parent: number;
  readonly rollouts: readonly Rollout<unknown, unknown, unknown>[];
  /** Positions in the trainset. */
  readonly minibatch: readonly number[];
}

/** What a run remembers for its reflections. A function of its decisions and of the rollouts that reflections read. */
export class Memory<Name extends string = string> {
  readonly #state: SearchState<Name>;
  readonly #trainset: readonly ExampleRef<unknown>[];
  readonly #mask: Mask;
  readonly #perfectScore: number;
  readonly #learned: LearnedFeedback<Name>;
  readonly #exampleNames = new Map<number, string>();

  constructor(options: {
    readonly state: SearchState<Name>;
    readonly names: readonly Name[];
    readonly trainset: readonly ExampleRef<unknown>[];
    readonly mask: Mask;
    readonly perfectScore: number;
  }) {
    this.#state = options.state;
    this.#trainset = options.trainset;
    this.#mask = options.mask;
    this.#perfectScore = options.perfectScore;
    this.#learned = new LearnedFeedback(options);
  }

  /** Adds the rollouts of a minibatch. Call it in the order of tasks. */
  learn(rollouts: readonly Rollout<unknown, unknown, unknown>[]): void {
    this.#learned.add(rollouts);
  }

  tried(parent: number, component: Name): readonly TriedText[] {
    return triedTexts(this.#state, parent, component);
  }

  learned(component: Name): Learned {
    return this.#learned.of(component);
  }

  /** The attempts as Markdown. */
  history({ parent, minibatch, rollouts }: Place, component: Name): string | undefined {
    const scores = rollouts.map(({ score }) => score);
    return renderHistory({
      tried: this.tried(parent, component).map((attempt) => this.#masked(attempt)),
      regressions: regressionsOf(this.#state, parent, minibatch, scores, this.#perfectScore),
      parent,
      nameOf: (example) => this.#nameOf(example),
    });
  }

  /** What was learned, as Markdown. */
  lessons({ rollouts }: Place, component: Name): string | undefined {
    return renderLearned(this.learned(component), new Set(rollouts.map(({ exampleId }) => exampleId)));
  }

  #masked(attempt: TriedText): TriedText {
    const { rejection } = attempt;
    if (rejection === undefined) return attempt;
    return { ...attempt, rejection: { ...rejection, message: this.#mask.message(rejection.message) } };
  }

  #nameOf(position: number): string {
    const known = this.#exampleNames.get(position);
    if (known !== undefined) return known;
    const input = this.#mask.data(inputOf(this.#trainset[position]!.example)) ?? '';
    const name = `“${oneLine(typeof input === 'string' ? input : JSON.stringify(input), 100)}”`;
    this.#exampleNames.set(position, name);
    return name;
  }
}
