import { definedOnly } from '../../component.ts';
import type { DecisionEvent } from '../../events.ts';
import { mean } from '../../statistics/mean.ts';
import type { ScoredCandidate } from './search-view.ts';

type Added<Name extends string> = Omit<
  Extract<DecisionEvent<Name>, { type: 'candidate_added' }>,
  'type' | 'bestIndex'
> &
  Pick<ScoredCandidate, 'runs'>;

/** A candidate with its means; with `part`, only with its scores at these positions of the valset. */
export function scoredCandidate<Name extends string>(
  added: Added<Name>,
  part?: readonly number[],
): ScoredCandidate<Name> {
  const { index, texts, parents, source, iteration, proposal, runs, failed, error, metricCalls } = added;
  const kept = part && new Set(part);
  const keep = (values: readonly (number | null)[]) =>
    kept === undefined ? values : values.map((value, position) => (kept.has(position) ? value : null));
  const scores = keep(added.scores);
  const objectiveScores = added.objectiveScores && mapValues(added.objectiveScores, keep);
  const { mean, count } = meanOf(scores);
  return definedOnly({
    index,
    texts,
    parents,
    source,
    iteration,
    proposal,
    scores,
    runs,
    mean,
    coverage: count,
    objectiveScores,
    objectives: objectiveScores && mapValues(objectiveScores, (values) => meanOf(values).mean),
    failed,
    error,
    metricCalls,
  });
}

/** The candidate with further scores. A position that was scored before gets the mean of its rollouts. */
export function withFurtherScores<Name extends string>(
  candidate: ScoredCandidate<Name>,
  further: Pick<
    Extract<DecisionEvent<Name>, { type: 'candidate_scored' }>,
    'positions' | 'scores' | 'objectiveScores'
  >,
): ScoredCandidate<Name> {
  const { positions } = further;
  const before = runsOf(candidate);
  const runs = [...before];
  for (const position of positions) runs[position]!++;
  const add = (known: readonly (number | null)[], scores: readonly number[]) => {
    const counts = [...before];
    const values = [...known];
    positions.forEach((position, i) => {
      const value = values[position] ?? null;
      const count = value === null ? 0 : counts[position]!;
      values[position] = value === null ? scores[i]! : (value * count + scores[i]!) / (count + 1);
      counts[position] = count + 1;
    });
    return values;
  };
  const empty = candidate.scores.map(() => null);
  const { objectiveScores } = further;
  return scoredCandidate({
    ...candidate,
    scores: add(candidate.scores, further.scores),
    objectiveScores: objectiveScores
      ? mapValues(objectiveScores, (scores, name) => add(candidate.objectiveScores?.[name] ?? empty, scores))
      : candidate.objectiveScores,
    runs: runs.some((count) => count > 1) ? runs : undefined,
  });
}

/** The number of rollouts behind each score. */
export function runsOf({ scores, runs }: ScoredCandidate): readonly number[] {
  return runs ?? scores.map((score) => (score === null ? 0 : 1));
}

/** A candidate's scores at some positions of the valset, each counted once. */
interface ScoresAt {
  /** 0 without any score. */
  readonly mean: number;
  /** Whether it has a score at every position. */
  readonly isComplete: boolean;
}

/** The last answer for each candidate: the same part, which may be long, is asked for many times. */
const lastAsked = new WeakMap<ScoredCandidate, ScoresAt & { readonly positions: readonly number[] }>();

/** The arrays must not change: neither the candidate's scores nor the positions. */
export function scoresAt(candidate: ScoredCandidate, positions: readonly number[]): ScoresAt {
  const last = lastAsked.get(candidate);
  if (last?.positions === positions) return last;
  const distinct = [...new Set(positions)];
  const { mean, count } = meanOf(distinct.map((position) => candidate.scores[position] ?? null));
  const asked = { positions, mean, isComplete: count === distinct.length };
  lastAsked.set(candidate, asked);
  return asked;
}

/** The mean of a candidate's scores at some positions, those without a score left out; 0 without any. */
export const meanAt = (candidate: ScoredCandidate, positions: readonly number[]): number =>
  scoresAt(candidate, positions).mean;

function meanOf(scores: readonly (number | null)[]): { mean: number; count: number } {
  const known = scores.filter((score) => score !== null);
  return { mean: known.length === 0 ? 0 : mean(known), count: known.length };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
