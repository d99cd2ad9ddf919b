import { type Draws, hash, normalOf, uniformOf } from '../draws.ts';
import type { Landscape, Observation, Texts } from '../task.ts';

/** What the text encodes: its rules, by number. */
interface RuggedState {
  readonly version: number;
  readonly rules: readonly number[];
}

export interface RuggedOptions {
  /** The number of rules that the proposer can think of. */
  readonly rules?: number;
  /** The deviation of a rule's effect on all examples alike. */
  readonly effect?: number;
  /** The deviation of its effect on a single example. */
  readonly specific?: number;
  /** The deviation of the effect of two rules that stand together. */
  readonly interaction?: number;
  /** The probability that the proposer chooses a rule by what it does to the failed examples of the minibatch. */
  readonly insight?: number;
  /** The share of rules that change nearly everything, as a worked example may. */
  readonly large?: number;
}

const SEED_LEVEL = -2.2;
const WORDING = 0.8;
/** The share of examples that no candidate passes. */
const IMPOSSIBLE = 0.2;
const MAX_RULES = 6;

/**
 * One instruction made of rules, pass or fail. Rules affect examples differently and affect each other, so that most
 * changes break something and gains come as a few jumps. Quality is on a logistic scale; an example passes or fails
 * (see `Scoring`).
 */
export class RuggedLandscape implements Landscape {
  readonly seedCandidate: Texts = { instruction: JSON.stringify({ version: 0, rules: [] }) };
  readonly #seed: number;
  readonly #options: Required<RuggedOptions>;
  readonly #states = new Map<string, RuggedState>();
  readonly #common = new Map<string, number>();

  constructor(seed: number, options: RuggedOptions = {}) {
    this.#seed = seed;
    this.#options = {
      rules: 60,
      effect: 0.5,
      specific: 0.8,
      interaction: 1,
      insight: 0.25,
      large: 0.05,
      ...options,
    };
  }

  quality(texts: Texts, example: number): number {
    if (uniformOf(this.#seed, 7, example) < IMPOSSIBLE) return 0;
    const text = texts.instruction!;
    const { version, rules } = this.#stateOf(text);
    let level = this.#commonEffect(text) + 1.2 * normalOf(this.#seed, 1, example);
    level += WORDING * normalOf(this.#seed, 2, version, example);
    for (const rule of rules) level += this.#options.specific * normalOf(this.#seed, 3, rule, example);
    return 1 / (1 + Math.exp(-level));
  }

  feedback(): Texts {
    return { instruction: 'wrong' };
  }

  rewrite(texts: Texts, _component: string, observations: readonly Observation[], draws: Draws): string {
    const state = this.#stateOf(texts.instruction!);
    const { rules: count, insight } = this.#options;
    let rules = [...state.rules];
    if (rules.length >= MAX_RULES || (rules.length > 0 && draws.chance(0.3)))
      rules.splice(draws.below(rules.length), 1);
    const isReworded = rules.length > 0 && rules.length < state.rules.length && draws.chance(0.5);
    if (!isReworded) {
      const ideas = Array.from({ length: 3 }, () => draws.below(count)).filter(
        (rule) => !rules.includes(rule),
      );
      const failed = observations.filter(({ score }) => score < 1);
      const helps = (rule: number) =>
        failed.reduce((sum, { example }) => sum + normalOf(this.#seed, 3, rule, example), 0);
      const chosen = draws.chance(insight) ? ideas.sort((a, b) => helps(b) - helps(a))[0] : ideas[0];
      if (chosen !== undefined) rules = [...rules, chosen];
    }
    return JSON.stringify({ version: hash(this.#seed, draws.below(2 ** 30)) % 1_000_000, rules });
  }

  /** The rules of one version, and about half of the other's. */
  combine(text: string, other: string, draws: Draws): string {
    const { rules } = this.#stateOf(text);
    const added = this.#stateOf(other).rules.filter((rule) => !rules.includes(rule) && draws.chance(0.5));
    const version = hash(this.#seed, draws.below(2 ** 30)) % 1_000_000;
    return JSON.stringify({ version, rules: [...rules, ...added].slice(0, MAX_RULES) });
  }

  /** The effect on all examples alike: of each rule, and of each two. */
  #commonEffect(text: string): number {
    let level = this.#common.get(text);
    if (level === undefined) {
      const { effect, interaction, large } = this.#options;
      const { rules } = this.#stateOf(text);
      level = SEED_LEVEL;
      rules.forEach((rule, i) => {
        const isLarge = uniformOf(this.#seed, 4, rule) < large;
        level! += isLarge ? 2 : -0.6 + effect * normalOf(this.#seed, 5, rule);
        for (const other of rules.slice(0, i)) {
          level! += interaction * normalOf(this.#seed, 6, Math.min(rule, other), Math.max(rule, other));
        }
      });
      this.#common.set(text, level);
    }
    return level;
  }

  #stateOf(text: string): RuggedState {
    let state = this.#states.get(text);
    if (state === undefined) {
      state = JSON.parse(text) as RuggedState;
      this.#states.set(text, state);
    }
    return state;
  }
}
