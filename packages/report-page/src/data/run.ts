import { comparedOf } from '../../../gepa-core/src/report-file/compared.ts';
import type { PageCandidate, PageData, ScoreMatrix } from '../../../gepa-core/src/report-file/page-data.ts';
import { visible } from '../parts/format.ts';

/** A run with functions that several views use. */
export class Run {
  readonly data: PageData;
  readonly matrix: ScoreMatrix;
  readonly survivors: ReadonlyMap<number, number>;
  readonly children: ReadonlyMap<number, readonly number[]>;

  constructor(data: PageData, matrix: ScoreMatrix) {
    this.data = data;
    this.matrix = matrix;
    this.survivors = new Map(data.frontier.map(({ candidate, keys }) => [candidate, keys]));
    const children = new Map<number, number[]>();
    for (const { index, parents } of data.candidates) {
      for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), index]);
    }
    this.children = children;
  }

  /** The run with its testset in place of the valset, on which seed and best candidate were scored. */
  get heldOut(): Run | undefined {
    const { test, testset, candidates } = this.data;
    if (test === undefined) return undefined;
    const width = test.seedScores.length;
    const scores = new Float64Array(candidates.length * width).fill(Number.NaN);
    for (const [index, row] of [
      [test.candidate, test.bestScores],
      [0, test.seedScores],
    ] as const) {
      row.forEach((score, position) => {
        if (score !== null) scores[index * width + position] = score;
      });
    }
    const failed = new Uint8Array(scores.length);
    return new Run({ ...this.data, valset: testset }, { width, scores, failed });
  }

  /** Whether it is an evaluation of given candidates, not a search. */
  get isEvaluation(): boolean {
    return this.data.kind === 'evaluation';
  }

  /** The candidate to compare with the first one by default: the best candidate, or the last one of an evaluation. */
  get best(): number {
    return this.isEvaluation ? Math.max(0, this.data.candidates.length - 1) : this.data.bestIndex;
  }

  isBest(index: number): boolean {
    return !this.isEvaluation && index === this.data.bestIndex;
  }

  /** An index from the address, if such a candidate exists; otherwise `fallback`. */
  indexOr(index: number | undefined, fallback: number): number {
    return index !== undefined && index < this.data.candidates.length ? index : fallback;
  }

  /** A candidate of an evaluation, with its scores. */
  compared(index: number): ReturnType<typeof comparedOf> {
    const { width, scores } = this.matrix;
    const row = Array.from(scores.subarray(index * width, (index + 1) * width), (score) =>
      Number.isNaN(score) ? null : score,
    );
    return comparedOf(this.data, this.data.candidates[index]!, row);
  }

  /** The score at a position of the valset; NaN where it was not run. */
  score(candidate: number, position: number): number {
    return this.matrix.scores[candidate * this.matrix.width + position] ?? Number.NaN;
  }

  hasFailed(candidate: number, position: number): boolean {
    return this.matrix.failed[candidate * this.matrix.width + position] === 1;
  }

  candidate(index: number): PageCandidate | undefined {
    return this.data.candidates[index];
  }

  /** The means of two candidates on the examples with scores of both. */
  compare(a: number, b: number): Pairwise {
    const result = { both: 0, better: 0, worse: 0, equal: 0, meanA: 0, meanB: 0 };
    for (let position = 0; position < this.matrix.width; position++) {
      const [one, other] = [this.score(a, position), this.score(b, position)];
      if (Number.isNaN(one) || Number.isNaN(other)) continue;
      result.both++;
      result.meanA += one;
      result.meanB += other;
      if (other > one) result.better++;
      else if (other < one) result.worse++;
      else result.equal++;
    }
    if (result.both > 0) {
      result.meanA /= result.both;
      result.meanB /= result.both;
    }
    return result;
  }

  /** The score from which a rollout counts as right. */
  get right(): number {
    const { perfectScore } = this.data.about;
    if (perfectScore !== undefined) return perfectScore;
    return this.matrix.scores.reduce((most, score) => (score > most ? score : most), 1);
  }

  /** The name of a candidate within a sentence. */
  nameOf(index: number): string {
    const { name } = this.data.candidates[index]?.evaluated ?? {};
    if (name !== undefined) return `"${visible(name)}"`;
    return index === 0 ? 'seed' : `candidate ${index}`;
  }

  /** A short name of a candidate. */
  labelOf(index: number): string {
    const { name } = this.data.candidates[index]?.evaluated ?? {};
    if (name !== undefined) return visible(name);
    return index === 0 ? 'seed' : `#${index}`;
  }
}

export interface Pairwise {
  readonly both: number;
  readonly better: number;
  readonly worse: number;
  readonly equal: number;
  readonly meanA: number;
  readonly meanB: number;
}
