import type { CandidateData, RunData } from '../run-data/run-data.ts';
import type { Compared } from '../statistics/compare.ts';

/** Converts an evaluated candidate for `compareEvaluations` and the table of candidates. */
export function comparedOf(
  run: Pick<RunData, 'valset'> & { readonly examples: readonly { readonly id: string }[] },
  candidate: Omit<CandidateData, 'scores' | 'objectiveScores'>,
  scores: readonly (number | null)[],
) {
  const { texts, mean, coverage, failed = 0, evaluated } = candidate;
  const { name, interval, usage, meanDurationMs } = evaluated!;
  return {
    name,
    mean,
    interval,
    scored: coverage,
    failed,
    usage,
    meanDurationMs,
    characters: Object.values(texts).reduce((sum, text) => sum + text.length, 0),
    examples: run.valset.map((example, position) => ({
      exampleId: run.examples[example]?.id ?? String(example),
      score: scores[position] ?? null,
    })),
  } satisfies Compared & Readonly<Record<string, unknown>>;
}
