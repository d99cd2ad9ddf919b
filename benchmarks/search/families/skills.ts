import { Draws, hash, normalOf } from '../draws.ts';
import type { Landscape, Observation, Texts } from '../task.ts';

/** What a component's text encodes. */
export interface SkillState {
  /** Represents the wording, which has small effects on every example. */
  readonly version: number;
  /** By skill of the component, between 0 and its ceiling. */
  readonly levels: readonly number[];
  /** Examples that the text repeats word for word. */
  readonly memory: readonly number[];
  /** An approach with ceilings of its own. */
  readonly style: number;
}

export interface SkillOptions {
  readonly components?: number;
  readonly skillsPerComponent?: number;
  /** The interval from which the seed's levels are drawn. */
  readonly seedLevels?: readonly [number, number];
  readonly ceilings?: readonly [number, number];
  /** The deviation of an example's own reaction to a wording. */
  readonly idiosyncrasy?: number;
  /** The probability that a rewrite improves the skill it aims at. */
  readonly success?: number;
  /** The mean and the deviation of a rewrite's effect on the component's other skills. */
  readonly sideEffects?: readonly [number, number];
  /** The probability that a rewrite ruins a skill that the minibatch does not show. */
  readonly harm?: number;
  /** The probability that a rewrite repeats the examples of the minibatch instead of improving a skill. */
  readonly memorizing?: number;
  /** The share of every skill of the component that is lost by such a rewrite. */
  readonly clutter?: number;
  /** The number of skills that the seed lacks; the others are at their ceiling. Default: all, with `seedLevels`. */
  readonly lacking?: number;
}

const NEEDED = 3;
const MEMORY_SIZE = 12;
const MEMORY_GAIN = 0.4;
/** The probability that a merge sees which version is better at a skill. */
const INSIGHT_OF_MERGE = 0.7;
/** From this level on, feedback does not name a skill. */
const GOOD_ENOUGH = 0.9;

/**
 * A program that needs several skills. Each example needs three of them, common ones more often; its quality is the
 * mean of their levels. A rewrite raises a skill that failed in the minibatch, more or less, and disturbs others.
 */
export class SkillLandscape implements Landscape {
  readonly seedCandidate: Texts;
  protected readonly options: Required<Omit<SkillOptions, 'lacking'>>;
  readonly #seed: number;
  readonly #ceilings: readonly number[];
  readonly #popularity: readonly number[];
  readonly #needed = new Map<number, readonly number[]>();
  readonly #states = new Map<string, SkillState>();

  constructor(seed: number, options: SkillOptions = {}) {
    this.options = {
      components: 2,
      skillsPerComponent: 5,
      seedLevels: [0, 0.24],
      ceilings: [0.55, 0.9],
      idiosyncrasy: 0.1,
      success: 0.6,
      sideEffects: [-0.01, 0.05],
      harm: 0,
      memorizing: 0,
      clutter: 0,
      ...options,
    };
    this.#seed = seed;
    const draws = new Draws(seed, 1);
    const { components, skillsPerComponent, seedLevels, ceilings } = this.options;
    const skills = Array.from({ length: components * skillsPerComponent }, (_, skill) => skill);
    this.#ceilings = skills.map(() => draws.uniform(...ceilings));
    this.#popularity = skills.map(() => draws.uniform(0.3, 1.5));
    const lacking = new Set(
      options.lacking === undefined
        ? skills
        : draws.weighted(
            skills.map(() => 1),
            options.lacking,
          ),
    );
    const levels = skills.map((skill) =>
      lacking.has(skill) ? draws.uniform(...seedLevels) : this.#ceilings[skill]!,
    );
    this.seedCandidate = Object.fromEntries(
      Array.from({ length: components }, (_, c) => [
        `component${c}`,
        encode({
          version: c,
          memory: [],
          style: 0,
          levels: levels.slice(c * skillsPerComponent).slice(0, skillsPerComponent),
        }),
      ]),
    );
  }

  quality(texts: Texts, example: number): number {
    const states = Object.values(texts).map((text) => this.stateOf(text));
    const { skillsPerComponent, idiosyncrasy } = this.options;
    const needed = this.#neededBy(example);
    let quality = 0;
    for (const skill of needed) {
      quality +=
        states[Math.floor(skill / skillsPerComponent)]!.levels[skill % skillsPerComponent]! / needed.length;
    }
    for (const { version, memory } of states) {
      quality += (normalOf(this.#seed, version, example) * idiosyncrasy) / Math.sqrt(states.length);
      if (memory.includes(example)) quality += MEMORY_GAIN;
    }
    return Math.min(1, Math.max(0, quality));
  }

  /** The component's skills that the example needs and that are not good enough. */
  feedback(texts: Texts, example: number): Texts {
    const { skillsPerComponent } = this.options;
    const needed = this.#neededBy(example);
    return Object.fromEntries(
      Object.entries(texts).map(([component, text], c) => [
        component,
        needed
          .filter((skill) => Math.floor(skill / skillsPerComponent) === c)
          .map((skill) => skill % skillsPerComponent)
          .filter((skill) => this.stateOf(text).levels[skill]! < GOOD_ENOUGH)
          .join(' '),
      ]),
    );
  }

  rewrite(texts: Texts, component: string, observations: readonly Observation[], draws: Draws): string {
    const { success, sideEffects, harm, memorizing, clutter } = this.options;
    const state = this.stateOf(texts[component]!);
    const index = Number(component.slice('component'.length));
    const ceilings = state.levels.map((_, skill) => this.ceiling(index, skill, state.style));
    const shown = state.levels.map(() => 0);
    for (const { feedback, score } of observations) {
      for (const skill of feedback.split(' ').filter(Boolean).map(Number))
        shown[skill]! += 1.05 - Math.min(1, score);
    }
    const weights = state.levels.map((level, skill) => shown[skill]! * Math.max(0.02, 1 - level));
    const aims = draws.weighted(weights.some((weight) => weight > 0) ? weights : weights.map(() => 1), 2);
    const memorizes = draws.chance(memorizing);
    const levels = state.levels.map((level, skill) => {
      const rank = aims.indexOf(skill);
      const improves = draws.chance(rank === 0 ? success : rank === 1 ? success / 2 : 0);
      if (memorizes) return level * (1 - clutter);
      return improves
        ? level + Math.max(0, ceilings[skill]! - level) * draws.uniform(0.6, 1)
        : level + draws.normal(...sideEffects);
    });
    if (draws.chance(harm)) {
      const unseen = [...levels.keys()].filter((skill) => shown[skill] === 0);
      if (unseen.length > 0) levels[draws.pick(unseen)]! *= 0.3;
    }
    const examples = observations.map(({ example }) => example);
    return encode({
      version: hash(this.#seed, draws.below(2 ** 30)) % 1_000_000,
      levels: levels.map((level, skill) =>
        Math.min(Math.max(ceilings[skill]!, state.levels[skill]!), Math.max(0, level)),
      ),
      memory: memorizes ? [...new Set([...examples, ...state.memory])].slice(0, MEMORY_SIZE) : state.memory,
      style: state.style,
    });
  }

  /** Of each skill mostly the better version, with the side effects of a rewrite. */
  combine(text: string, other: string, draws: Draws): string {
    const [mine, theirs] = [this.stateOf(text), this.stateOf(other)];
    const levels = mine.levels.map((level, skill) => {
      const taken = draws.chance(INSIGHT_OF_MERGE) ? Math.max(level, theirs.levels[skill]!) : level;
      return Math.min(1, Math.max(0, taken + draws.normal(...this.options.sideEffects)));
    });
    const version = hash(this.#seed, draws.below(2 ** 30)) % 1_000_000;
    return encode({ ...mine, version, levels });
  }

  protected ceiling(component: number, skill: number, _style: number): number {
    return this.#ceilings[component * this.options.skillsPerComponent + skill]!;
  }

  protected stateOf(text: string): SkillState {
    let state = this.#states.get(text);
    if (state === undefined) {
      state = JSON.parse(text) as SkillState;
      this.#states.set(text, state);
    }
    return state;
  }

  #neededBy(example: number): readonly number[] {
    let needed = this.#needed.get(example);
    if (needed === undefined) {
      needed = new Draws(this.#seed, 2, example).weighted(this.#popularity, NEEDED);
      this.#needed.set(example, needed);
    }
    return needed;
  }
}

export function encode(state: SkillState): string {
  return JSON.stringify({ ...state, levels: state.levels.map((level) => Number(level.toFixed(3))) });
}
