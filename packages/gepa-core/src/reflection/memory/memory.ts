import type { AnyAdapter, AnyRollout } from '../../adapter/any.ts';
import type { Learned, TriedText } from '../../adapter/experience.ts';
import type { EarlierRun } from '../../continue/earlier-run.ts';
import { exampleDigest } from '../../journal/fingerprint.ts';
import type { Mask } from '../../masking/mask.ts';
import type { ExampleRef } from '../../search/evaluation/examples.ts';
import type { ScoredCandidate } from '../../search/state/search-view.ts';
import type { SearchState } from '../../search/state/state.ts';
import { toPlain } from '../../text/plain.ts';
import { inputsIn } from '../records/condense-records.ts';
import { withoutNoise } from '../records/content-noise.ts';
import { inputOf } from '../records/example-parts.ts';
import { ConstantFeedback } from './constant-feedback.ts';
import {
  lineageOf,
  MAX_HISTORY_CHARACTERS,
  oneLine,
  regressionsOf,
  renderHistory,
  triedTexts,
} from './history.ts';
import { LearnedFeedback, renderLearned } from './learned.ts';

/** The parent and the minibatch of a proposal. */
export interface MemoryQuestion {
  readonly parent: number;
  readonly rollouts: readonly AnyRollout[];
  /** Positions in the trainset. */
  readonly minibatch: readonly number[];
  /** The components to rewrite. */
  readonly components: readonly string[];
}

/** With more components the space of each is not divided further. */
const MAX_SHARES = 4;

/** What a run remembers for its reflections. A function of its decisions and of the rollouts that reflections read. */
export class Memory<Name extends string = string> {
  readonly #state: SearchState<Name>;
  readonly #trainset: readonly ExampleRef[];
  readonly #mask: Mask;
  readonly #toPlain: AnyAdapter['toPlain'];
  readonly #perfectScore: number;
  readonly #earlier: EarlierRun<Name> | undefined;
  /** Of the trainset, by the digest of the example. */
  readonly #positions: ReadonlyMap<string, number>;
  readonly #learned: LearnedFeedback<Name>;
  readonly #constantFeedback = new ConstantFeedback();
  readonly #exampleNames = new Map<number, string>();

  constructor(options: {
    readonly state: SearchState<Name>;
    readonly names: readonly Name[];
    readonly trainset: readonly ExampleRef[];
    readonly mask: Mask;
    /** Converts inputs as the adapter does. */
    readonly toPlain?: AnyAdapter['toPlain'];
    readonly perfectScore: number;
    readonly showExpected: boolean;
    readonly earlier?: EarlierRun<Name>;
  }) {
    this.#state = options.state;
    this.#trainset = options.trainset;
    this.#mask = options.mask;
    this.#toPlain = options.toPlain;
    this.#perfectScore = options.perfectScore;
    this.#earlier = options.earlier;
    // Computed only where they are needed.
    const digests =
      options.earlier === undefined ? [] : options.trainset.map(({ example }) => exampleDigest(example));
    this.#positions = new Map(digests.map((digest, position) => [digest ?? '', position]));
    this.#learned = new LearnedFeedback(options);
  }

  candidate(index: number): ScoredCandidate<Name> {
    return this.#state.candidates[index]!;
  }

  /** Adds the rollouts of a minibatch. Call it in the order of tasks. */
  async learn(rollouts: readonly AnyRollout[]): Promise<void> {
    this.#constantFeedback.add(rollouts, this.#perfectScore);
    await this.#learned.add(rollouts);
  }

  /** A warning of feedback that cannot teach. */
  get feedbackWarning(): string | undefined {
    return this.#constantFeedback.warning;
  }

  tried(parent: number, component: Name): readonly TriedText[] {
    const tried = triedTexts(this.#state, parent, component);
    return [...tried, ...this.#triedEarlier(parent, component)].map((attempt) => this.#masked(attempt));
  }

  /** By the nearest ancestor that the earlier run had. */
  #triedEarlier(parent: number, component: Name): readonly TriedText[] {
    if (this.#earlier === undefined) return [];
    for (const index of lineageOf(this.#state.candidates, parent)) {
      const tried = this.#earlier.tried(this.candidate(index).texts, component, this.#positions);
      if (tried.length > 0) return tried;
    }
    return [];
  }

  learned(component: Name): Learned {
    return this.#learned.of(component);
  }

  /** The attempts as Markdown. */
  history({ parent, minibatch, rollouts, components }: MemoryQuestion, component: Name): string | undefined {
    const scores = rollouts.map(({ score }) => score);
    return renderHistory({
      tried: this.tried(parent, component),
      regressions: regressionsOf(this.#state, parent, minibatch, scores, this.#perfectScore),
      parent,
      nameOf: (example) => this.nameOf(example),
      // The components of one prompt share the space.
      maxCharacters: MAX_HISTORY_CHARACTERS / Math.min(components.length, MAX_SHARES),
    });
  }

  /** What was learned, as Markdown. */
  lessons({ rollouts }: MemoryQuestion, component: Name): string | undefined {
    return renderLearned(this.learned(component), new Set(rollouts.map(({ exampleId }) => exampleId)));
  }

  #masked(attempt: TriedText): TriedText {
    const { rejection } = attempt;
    if (rejection === undefined) return attempt;
    return { ...attempt, rejection: { ...rejection, message: this.#mask.message(rejection.message) } };
  }

  /** An example of the trainset in a few words. */
  nameOf(position: number): string {
    const known = this.#exampleNames.get(position);
    if (known !== undefined) return known;
    const name = `“${oneLine(this.#mask.message(this.#inputText(position)), 100)}”`;
    this.#exampleNames.set(position, name);
    return name;
  }

  /** The input of an example in words: its only text, or all of it as JSON. */
  #inputText(position: number): string {
    const whole = inputOf(this.#trainset[position]!.example);
    const plain = toPlain(this.#toPlain?.({ input: whole }).input ?? whole, { shortensBase64: true });
    const input = withoutNoise(plain ?? '');
    const texts = inputsIn(input).filter(({ mark }) => mark !== '[role of the input]');
    return texts.length === 1 ? texts[0]!.text : typeof input === 'string' ? input : JSON.stringify(input);
  }
}
