import type { CallEnvironment } from '../calls/call.ts';
import type { SearchContext } from './search-context.ts';
import { objectivesOf } from './validate.ts';

/**
 * Scores the seed and the best candidate on the valset again when the program has changed since an earlier session, so that
 * the reported gain compares rollouts of the same program.
 *
 * @returns the name of these rollouts in the journal; `undefined` if the program has not changed.
 */
export async function rescoreIfProgramChanged<Name extends string>(
  search: SearchContext<Name>,
  { journal }: CallEnvironment,
  warn: (message: string) => void,
): Promise<string | undefined> {
  const changes = journal?.programChanges ?? [];
  if (changes.length === 0) return undefined;
  const { state, valset, evaluator, dispatch, limits } = search;
  const { iteration } = state;
  // The positions on which both have scores.
  const part = [...new Set(state.pool.part)];
  const examples = part.map((position) => valset[position]!);
  const compared = new Set([0, state.bestIndex]);
  const [needed, { left }] = [compared.size * part.length, limits.metricCalls()];
  const since = `Since an earlier session of this run ${changes.join('; ')}. The search keeps its scores;`;
  if (left < needed) {
    warn(
      `${since} to score the seed and the best candidate again would take ${needed} metric calls, and ${Math.max(0, left)} are left: do not compare their scores, which are of different programs. Raise maxMetricCalls, or start a new run with another runDir.`,
    );
    return `rescored ${changes.join('; ')}`;
  }
  warn(
    `${since} the seed and the best candidate are scored again, so that the gain is that of the present program.`,
  );
  const repeat = `rescored ${changes.join('; ')}`;
  for (const index of compared) {
    const { texts } = state.candidates[index]!;
    const context = { iteration, phase: 'valset', candidateIndex: index, repeat } as const;
    const { rollouts, interruption } = await evaluator.evaluate(texts, examples, context);
    if (interruption !== undefined) {
      warn(
        `The seed and the best candidate could not be scored again (${interruption.reason}), so that their scores are of different programs: do not compare them. Raise the limits, or start a new run with another runDir.`,
      );
      return repeat;
    }
    const byPosition = valset.map((_, position) => rollouts[part.indexOf(position)]);
    dispatch({
      type: 'candidate_rescored',
      index,
      scores: byPosition.map((rollout) => rollout?.score ?? null),
      objectiveScores: objectivesOf(search, byPosition),
    });
  }
  return repeat;
}
