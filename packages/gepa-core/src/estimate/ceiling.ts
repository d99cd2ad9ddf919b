import { componentNames } from '../component.ts';
import type { Settings } from '../options/settings.ts';
import { ExampleIndex } from '../search/evaluation/examples.ts';
import { MERGE_SUBSAMPLE_SIZE } from '../search/merge/merge-proposer.ts';
import { FIRST_PART } from '../search/strategies/adaptive.ts';
import { MOST_AT_ONCE } from '../search/strategies/proposal-sampling.ts';
import { mostSelected, type SelectionStrategy } from '../search/strategies/proposal-selection.ts';
import { type CallSizes, type Totals, totalsOf } from './counts.ts';

/**
 * The maximum of a run: every child is accepted, no rollout comes from the cache, and every proposal takes two reflections.
 * Not a dry run, which shows one course of many. Iterations without metric calls add reflections.
 */
export function ceilingOf(settings: Settings, sizes: CallSizes): Totals {
  const { cacheEvaluation, reflectionMinibatchSize, reflectionModel } = settings;
  const { maxMetricCalls = Number.POSITIVE_INFINITY, maxIterations = Number.POSITIVE_INFINITY } = settings;
  const index = new ExampleIndex();
  const callsFor = (set: 'trainset' | 'valset' | 'testset') => {
    const keys = settings[set].map((example, position) => index.add(example, set, position).key);
    return cacheEvaluation ? new Set(keys).size : keys.length;
  };
  const [trainset, valset, testset] = [callsFor('trainset'), callsFor('valset'), callsFor('testset')];

  const minibatch = cacheEvaluation ? Math.min(reflectionMinibatchSize, trainset) : reflectionMinibatchSize;
  const tasks = tasksOf(settings);
  const selected = mostSelected(settings.selectionStrategy as SelectionStrategy, tasks);
  const mutation = 2 * tasks * minibatch + selected * valset;
  const merge = settings.useMerge ? 2 * minibatch + valset + (cacheEvaluation ? 0 : MERGE_SUBSAMPLE_SIZE) : 0;
  const search = Math.min(
    maxMetricCalls - 2 * settings.testset.length,
    (1 + settings.seedCandidates.length) * valset + maxIterations * Math.max(mutation, merge),
  );

  const seed = settings.valEvaluationPolicy === 'full_eval' ? valset : Math.min(FIRST_PART, valset);
  const leastPerProposal = minibatch * (cacheEvaluation ? 1 : 2);
  const mutations = Math.min(maxIterations * tasks, Math.floor((search - seed) / leastPerProposal));
  // A merge with a reflection follows an accepted mutation.
  const proposals = settings.useMerge ? 2 * mutations : mutations;
  const components =
    settings.componentSelector === 'round_robin' ? 1 : componentNames(settings.adapter.components).length;
  const reflections = proposals * (reflectionModel === undefined ? 1 : 2 * components);
  // A call may take any time up to its timeout, so that only `maxDurationMs` limits the time of a run.
  const rounds = Number.POSITIVE_INFINITY;
  return totalsOf(
    maxIterations,
    { rollout: { calls: search + 2 * testset, rounds }, reflection: { calls: reflections, rounds } },
    sizes,
  );
}

/** Tasks per iteration; `Infinity` where custom strategies choose the tasks or their minibatches. */
function tasksOf({ samplingStrategy, batchSampler }: Settings): number {
  if (typeof batchSampler !== 'string') return Number.POSITIVE_INFINITY;
  if (samplingStrategy === 'single') return 1;
  if (!('parents' in samplingStrategy)) return Number.POSITIVE_INFINITY;
  const { parents, mutations } = samplingStrategy;
  return parents === 'auto' ? Math.max(MOST_AT_ONCE, mutations) : parents * mutations;
}
