import type { RunData } from '../run-data/run-data.ts';
import { type PageData, previewOf, type ScoreMatrix } from './page-data.ts';

/** Converts a run to the data that the page loads first. */
export function pageOfRun(run: RunData): { readonly data: PageData; readonly matrix: ScoreMatrix } {
  const { examples, candidates, reflections, rollouts, frontier, ...rest } = run;
  const keys = new Map<number, number>();
  for (const key of frontier.keys) {
    for (const candidate of key.candidates) keys.set(candidate, (keys.get(candidate) ?? 0) + 1);
  }
  const data: PageData = {
    format: 'gepa-report',
    version: 1,
    ...rest,
    examples: examples.map(({ id, input }) => ({ id, preview: previewOf(input) })),
    candidates: candidates.map(({ scores, objectiveScores, ...candidate }) => candidate),
    reflections: reflections.map(({ detail, ...reflection }) => reflection),
    frontier: frontier.candidates.map((candidate) => ({ candidate, keys: keys.get(candidate) ?? 0 })),
    failures: failuresOf(run),
    omittedRollouts: 0,
  };
  return { data, matrix: matrixOf(run) };
}

const MAX_FAILURES = 50;

function failuresOf({ rollouts }: RunData): PageData['failures'] {
  const counts = new Map<string, number>();
  for (const { error } of rollouts) if (error !== undefined) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts]
    .map(([message, count]) => ({ message, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_FAILURES);
}

function matrixOf({ candidates, valset, rollouts }: RunData): ScoreMatrix {
  const width = valset.length;
  const scores = new Float64Array(candidates.length * width).fill(Number.NaN);
  const failed = new Uint8Array(candidates.length * width);
  candidates.forEach((candidate, row) => {
    candidate.scores.forEach((score, position) => {
      if (score !== null) scores[row * width + position] = score;
    });
  });
  const positions = new Map<number, number[]>();
  valset.forEach((example, position) => {
    const known = positions.get(example);
    if (known === undefined) positions.set(example, [position]);
    else known.push(position);
  });
  for (const { error, candidate, example } of rollouts) {
    if (error === undefined || candidate === undefined) continue;
    for (const position of positions.get(example) ?? []) failed[candidate * width + position] = 1;
  }
  return { width, scores, failed };
}
