/** The score of one scorer, as Mastra stores it. */
export interface ScorerScore {
  readonly scorerId: string;
  readonly score: number;
  readonly reason?: string;
}

const scores = new WeakMap<object, readonly ScorerScore[]>();

/** Attaches the scores of scorers to the result of a metric. */
export function withScorerScores<Result extends object>(
  result: Result,
  ofScorers: readonly ScorerScore[],
): Result {
  scores.set(result, ofScorers);
  return result;
}

/** The scores of a metric's result for Mastra: `gepa` for the score itself, and one for each scorer or objective. */
export function scoresOf(result: unknown): readonly ScorerScore[] {
  const { score, feedback, objectives } = (
    typeof result === 'object' && result !== null ? result : { score: result }
  ) as { score: unknown; feedback?: string; objectives?: Readonly<Record<string, number>> };
  const others =
    scores.get(result as object) ??
    Object.entries(objectives ?? {}).map(([scorerId, own]) => ({ scorerId, score: Number(own) }));
  return [{ scorerId: 'gepa', score: Number(score), reason: feedback }, ...others];
}
