import { StrategyError } from '../errors.ts';
import type { Interruption } from '../interruption.ts';
import { stopsRun } from './outcomes.ts';
import type { SearchContext } from './search-context.ts';
import { runsOf, scoresAt } from './state/scored-candidate.ts';
import type { Pool } from './state/search-view.ts';
import type { PolicyRequest } from './strategies/evaluation-policy.ts';
import type { StopReason } from './strategies/stop-reason.ts';
import { objectivesOf } from './validate.ts';

/** A rollout that a candidate of the pool lacks: the n-th on a position of the valset. */
interface Missing {
  readonly index: number;
  readonly position: number;
  readonly run: number;
}

export function policyRequest<Name extends string>(search: SearchContext<Name>): PolicyRequest {
  const { settings, state, limits, draws } = search;
  return {
    search: state,
    metricCalls: limits.metricCalls(),
    minibatchSize: settings.reflectionMinibatchSize,
    random: draws('valset'),
  };
}

/** A policy may change the pool this often in a row without a metric call. */
const MAX_CHANGES = 100;

/**
 * Asks the evaluation policy which candidates to compare on which part of the valset, and makes the rollouts that are
 * missing there, until the pool no longer changes.
 *
 * @returns why the run ends, if it does.
 */
export async function comparePool<Name extends string>(
  search: SearchContext<Name>,
): Promise<StopReason | undefined> {
  const policy = search.strategies.evaluationPolicy;
  const tried = new Set<string>();
  for (let changes = 0; changes < MAX_CHANGES; changes++) {
    const wanted = policy.pool(policyRequest(search));
    const missing = missingOf(search, wanted).filter((pair) => !tried.has(nameOf(pair)));
    // Unavailable rollouts are made again after the next iteration.
    for (const pair of missing) tried.add(nameOf(pair));
    const reason = stopsRun(await score(search, missing, 'pool'));
    if (reason !== undefined) return reason;
    if (missing.length > 0) changes = 0;
    if (!changePool(search, wanted) && missing.length === 0) return undefined;
  }
  throw new StrategyError(
    `The evaluation policy changed the pool ${MAX_CHANGES} times in a row without a new score; return the same pool when there is nothing to score.`,
  );
}

/** Sets the part of the valset on which the seed is scored. */
export function startPool<Name extends string>(search: SearchContext<Name>): void {
  changePool(search, search.strategies.evaluationPolicy.pool(policyRequest(search)));
}

function changePool<Name extends string>(
  { state, strategies, dispatch }: SearchContext<Name>,
  { candidates, part, reason }: Pool & { readonly reason: string },
): boolean {
  const members = candidates.map((index) => state.candidates[index]!);
  const bestIndex = members.length === 0 ? 0 : strategies.evaluationPolicy.best(members, part);
  const isSame =
    bestIndex === state.bestIndex &&
    isEqual(part, state.pool.part) &&
    isEqual(candidates, state.pool.candidates);
  if (isSame) return false;
  const { iteration } = state;
  dispatch({ type: 'pool_changed', iteration, candidates, part, reason, bestIndex });
  return true;
}

const isEqual = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((value, i) => value === b[i]);

function missingOf<Name extends string>(
  { state, strategies }: SearchContext<Name>,
  { candidates, part }: Pool,
): Missing[] {
  if (!strategies.evaluationPolicy.scoresPart) return [];
  const hasRepeats = new Set(part).size < part.length;
  return candidates.flatMap((index) => {
    const candidate = state.candidates[index]!;
    if (!hasRepeats && scoresAt(candidate, part).isComplete) return [];
    const runs = runsOf(candidate);
    const listed = new Map<number, number>();
    return part.flatMap((position) => {
      const run = (listed.get(position) ?? 0) + 1;
      listed.set(position, run);
      return run > runs[position]! ? [{ index, position, run }] : [];
    });
  });
}

const nameOf = ({ index, position, run }: Missing) => `${index} ${position} ${run}`;

/** Runs candidates of the pool on positions of the valset. The first rollout of a pair may come from the cache. */
export async function score<Name extends string>(
  search: SearchContext<Name>,
  missing: readonly Missing[],
  purpose: 'pool' | 'finals',
): Promise<Interruption | undefined> {
  const { state, valset, evaluator, dispatch } = search;
  const { iteration } = state;
  const groups = new Map<string, Missing[]>();
  for (const pair of missing) {
    const name = `${pair.index} ${pair.run}`;
    groups.set(name, [...(groups.get(name) ?? []), pair]);
  }
  const evaluations = await Promise.all(
    [...groups.values()].map(async (group) => {
      const { index, run } = group[0]!;
      const positions = group.map(({ position }) => position);
      const { rollouts, interruption } = await evaluator.evaluate(
        state.candidates[index]!.texts,
        positions.map((position) => valset[position]!),
        {
          iteration,
          phase: 'valset',
          candidateIndex: index,
          repeat: run === 1 ? undefined : `run ${run}`,
        },
      );
      return { index, positions, rollouts, interruption };
    }),
  );
  for (const { index, positions, rollouts } of evaluations) {
    const scored = positions.flatMap((position, i) =>
      rollouts[i] === undefined ? [] : [{ position, rollout: rollouts[i] }],
    );
    if (scored.length === 0) continue;
    const measured = scored.map(({ rollout }) => rollout);
    dispatch({
      type: 'candidate_scored',
      iteration,
      index,
      positions: scored.map(({ position }) => position),
      scores: measured.map(({ score }) => score),
      objectiveScores: objectivesOf(search, measured),
      purpose,
    });
  }
  const interruptions = evaluations.flatMap(({ interruption }) => interruption ?? []);
  return interruptions.find(stopsRun) ?? interruptions[0];
}
