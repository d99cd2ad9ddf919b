import { OptionsError, optimize } from 'gepa-core';
import type { Search } from './searches.ts';
import { createTask, type Family } from './task.ts';

/** The outcome of one run. */
export interface Run {
  readonly seed: number;
  /** The true test scores of the result and of the seed candidate. */
  readonly score: number;
  readonly seedScore: number;
  /** The reported best score. */
  readonly reported: number;
  readonly calls: number;
  /** Calls of the proposer. */
  readonly reflections: number;
  /** Children tested on a minibatch, and those that went on to the valset. */
  readonly proposals: number;
  readonly accepted: number;
  readonly stopReason: string;
}

/**
 * Runs one search on one draw of a family. Another search with the same seed gets the same task. A run that is refused
 * (a budget smaller than the valset) counts as one that returns the seed candidate.
 */
export async function runOnce(family: Family, search: Search, seed: number): Promise<Run> {
  const task = createTask(family, seed);
  let reflections = 0;
  let proposals = 0;
  const seedScore = task.trueScore(task.seedCandidate);
  const result = await optimize<number, ReturnType<typeof task.run>, undefined, string>({
    seedCandidate: task.seedCandidate,
    run: (candidate, example) => ({ output: task.run(candidate, example) }),
    metric: ({ output: { score, feedback } }) => ({ score, componentFeedback: feedback }),
    propose: (request) => {
      reflections++;
      return task.propose(request);
    },
    trainset: task.trainset,
    valset: task.valset,
    maxMetricCalls: family.budget,
    seed,
    onEvent: (event) => {
      if (event.type === 'proposal_evaluated') proposals++;
    },
    ...family.options,
    ...search,
  }).catch((error: unknown) => {
    if (OptionsError.isInstance(error)) return undefined;
    throw error;
  });
  if (result === undefined) {
    const nothing = { calls: 0, reflections: 0, proposals: 0, accepted: 0 };
    return { seed, score: seedScore, seedScore, reported: seedScore, ...nothing, stopReason: 'refused' };
  }
  return {
    seed,
    score: task.trueScore(result.bestCandidate),
    seedScore,
    reported: result.bestScore,
    calls: result.totalMetricCalls,
    reflections,
    proposals,
    accepted: result.candidates.length - 1,
    stopReason: result.stopReason,
  };
}
