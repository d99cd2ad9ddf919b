import type { Run } from './run.ts';

export interface Mean {
  readonly mean: number;
  readonly standardError: number;
}

/** The runs of one search on one family. */
export interface Summary {
  readonly score: Mean;
  readonly seedScore: number;
  /** The share of runs whose result is truly worse than the seed candidate. */
  readonly worse: number;
  /** Reported best score minus true score. */
  readonly bias: Mean;
  readonly calls: number;
  readonly reflections: number;
  readonly proposals: number;
  readonly accepted: number;
  /** How many runs ended for each reason. */
  readonly stopReasons: Readonly<Record<string, number>>;
}

export function summarize(runs: readonly Run[]): Summary {
  const stopReasons: Record<string, number> = {};
  for (const { stopReason } of runs) stopReasons[stopReason] = (stopReasons[stopReason] ?? 0) + 1;
  return {
    score: meanOf(runs.map(({ score }) => score)),
    seedScore: meanOf(runs.map(({ seedScore }) => seedScore)).mean,
    worse: meanOf(runs.map(({ score, seedScore }) => Number(score < seedScore - 1e-9))).mean,
    bias: meanOf(runs.map(({ reported, score }) => reported - score)),
    calls: meanOf(runs.map(({ calls }) => calls)).mean,
    reflections: meanOf(runs.map(({ reflections }) => reflections)).mean,
    proposals: meanOf(runs.map(({ proposals }) => proposals)).mean,
    accepted: meanOf(runs.map(({ accepted }) => accepted)).mean,
    stopReasons,
  };
}

/** The mean difference of runs of the same seeds. */
export function pairedDifference(runs: readonly Run[], others: readonly Run[]): Mean {
  return meanOf(runs.map(({ score }, i) => score - others[i]!.score));
}

export function meanOf(values: readonly number[]): Mean {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / Math.max(1, values.length - 1) / values.length) };
}
