import type { ProposeRequest, SearchOptions } from 'gepa-core';
import { Draws, hash, hashText, normalOf, uniformOf } from './draws.ts';

/** One text per component. The texts of these tasks encode the state of a candidate. */
export type Texts = Readonly<Record<string, string>>;

/** What a scripted proposer reads of one rollout. */
export interface Observation {
  readonly example: number;
  readonly score: number;
  readonly feedback: string;
}

/** The hidden truth of a task: the quality of a candidate on an example, and the texts of its proposer. Examples are numbers. */
export interface Landscape {
  readonly seedCandidate: Texts;
  /** Between 0 and 1. */
  quality(texts: Texts, example: number): number;
  /** By component, for an example that is not perfect. */
  feedback(texts: Texts, example: number): Texts;
  /** A new text of one component. */
  rewrite(texts: Texts, component: string, observations: readonly Observation[], draws: Draws): string;
  /** One text of a component from those of two candidates. */
  combine(text: string, other: string, draws: Draws): string;
}

/** How quality becomes a score. */
export type Scoring =
  /** The score is the quality, with normal noise of this deviation in every rollout. */
  | { readonly noise: number }
  /** 1 with the probability of the quality, else 0. */
  | 'chance'
  /** 1 from a threshold on, which each example draws from this interval; else 0. */
  | { readonly threshold: readonly [number, number] };

/** A simulated task with a search budget. */
export interface Family {
  readonly name: string;
  readonly description: string;
  readonly budget: number;
  readonly trainSize: number;
  readonly valSize: number;
  readonly scoring: Scoring;
  /** Options of the run beside budget and seed. */
  readonly options?: Partial<SearchOptions<number, Outcome, undefined, string>>;
  create(seed: number): Landscape;
}

/** The output of the simulated program. */
export interface Outcome {
  readonly score: number;
  readonly feedback: Texts;
}

/** One draw of a family. The seed determines all random numbers, in any order of calls. */
export interface Task {
  readonly seedCandidate: Texts;
  readonly trainset: readonly number[];
  readonly valset: readonly number[];
  run(texts: Texts, example: number): Outcome;
  propose(request: ProposeRequest): Promise<Record<string, string>>;
  /** The mean expected score on a large testset that no search sees. */
  trueScore(texts: Texts): number;
}

const FIRST_VAL = 100_000;
const FIRST_TEST = 200_000;
const TEST_SIZE = 800;

export function createTask(family: Family, seed: number): Task {
  const landscape = family.create(seed);
  const scoring = family.scoring;
  const repeats = new Map<string, number>();
  /** How often the same call was made before. */
  const repeatOf = (key: string): number => {
    const count = repeats.get(key) ?? 0;
    repeats.set(key, count + 1);
    return count;
  };
  const passes = (quality: number, example: number, [low, high]: readonly [number, number]) =>
    quality >= low + (high - low) * uniformOf(seed, example, 77);

  const expectedScore = (texts: Texts, example: number): number => {
    const quality = landscape.quality(texts, example);
    if (typeof scoring === 'string' || 'noise' in scoring) return quality;
    return Number(passes(quality, example, scoring.threshold));
  };
  const measuredScore = (texts: Texts, example: number): number => {
    const expected = expectedScore(texts, example);
    if (typeof scoring === 'object' && !('noise' in scoring && scoring.noise > 0)) return expected;
    const text = JSON.stringify(texts);
    const key = hash(seed, hashText(text), example, repeatOf(`${example} ${text}`));
    if (scoring === 'chance') return Number(uniformOf(key) < expected);
    return expected + ('noise' in scoring ? scoring.noise * normalOf(key) : 0);
  };

  return {
    seedCandidate: landscape.seedCandidate,
    trainset: Array.from({ length: family.trainSize }, (_, i) => i),
    valset: Array.from({ length: family.valSize }, (_, i) => FIRST_VAL + i),
    run(texts, example) {
      const score = measuredScore(texts, example);
      return { score, feedback: score >= 1 ? {} : landscape.feedback(texts, example) };
    },
    async propose({ candidate, components, records, other }) {
      if (other !== undefined) {
        return Object.fromEntries(
          components.map((component) => {
            const texts = [candidate[component]!, other.candidate.texts[component]!] as const;
            const request = JSON.stringify(texts);
            const draws = new Draws(seed, hashText(request), repeatOf(request));
            return [component, landscape.combine(...texts, draws)];
          }),
        );
      }
      const read = components.map((component) => ({
        component,
        observations: records[component]!.map((record): Observation => {
          const { Input, Score, Feedback } = record as { Input: number; Score: number; Feedback?: string };
          return { example: Input, score: Score, feedback: Feedback ?? '' };
        }),
      }));
      const blamed = read.filter(({ observations }) => observations.some(({ feedback }) => feedback !== ''));
      // When the feedback blames some of the components, the others stay as they are.
      const entries = (blamed.length > 0 ? blamed : read).map(({ component, observations }) => {
        const request = JSON.stringify([candidate, component, observations]);
        const draws = new Draws(seed, hashText(request), repeatOf(request));
        return [component, landscape.rewrite(candidate, component, observations, draws)] as const;
      });
      return Object.fromEntries(entries);
    },
    trueScore(texts) {
      let sum = 0;
      for (let i = 0; i < TEST_SIZE; i++) sum += expectedScore(texts, FIRST_TEST + i);
      return sum / TEST_SIZE;
    },
  };
}
