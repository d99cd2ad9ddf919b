import { componentNames } from '../component.ts';
import type { Settings } from '../options/settings.ts';
import { ExampleIndex, type ExampleRef } from '../search/examples.ts';
import { MERGE_SUBSAMPLE_SIZE } from '../search/merge-proposer.ts';
import type { SamplingStrategy } from '../search/strategies/proposal-sampling.ts';
import { mostSelected, type SelectionStrategy } from '../search/strategies/proposal-selection.ts';
import type { Counts } from './dry-run.ts';

/**
 * The most that a run can take: every child is accepted, nothing comes from the cache, and every answer of the model is
 * asked for twice. No dry run shows that, since it takes one course of many. Iterations in which nothing is measured
 * add to the reflections.
 */
export function ceilingOf<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
): Counts {
  const { cacheEvaluation, reflectionMinibatchSize, batchSampler, concurrency, useMerge } = settings;
  const { maxMetricCalls = Number.POSITIVE_INFINITY, maxIterations = Number.POSITIVE_INFINITY } = settings;
  const index = new ExampleIndex<Example>();
  const cost = (examples: readonly ExampleRef<Example>[]) =>
    cacheEvaluation ? new Set(examples.map(({ key }) => key)).size : examples.length;
  const train = cost(index.add('train', settings.trainset));
  const valset = cost(index.add('val', settings.valset));
  const testset = cost(index.add('test', settings.testset));

  const minibatch = cacheEvaluation ? Math.min(reflectionMinibatchSize, train) : reflectionMinibatchSize;
  const largestMinibatch =
    batchSampler === 'epoch_shuffled' ? minibatch : cacheEvaluation ? train : Number.POSITIVE_INFINITY;
  const tasks = tasksOf(settings.samplingStrategy);
  const selected = mostSelected(settings.selectionStrategy as SelectionStrategy, tasks);
  const mutation = times(tasks, 2 * largestMinibatch) + times(selected, valset);
  const merge = useMerge ? valset + (cacheEvaluation ? 0 : MERGE_SUBSAMPLE_SIZE) : 0;
  const search = Math.min(
    maxMetricCalls - 2 * settings.testset.length,
    valset + times(maxIterations, Math.max(mutation, merge)),
  );

  const leastPerProposal = minibatch * (cacheEvaluation ? 1 : 2);
  const proposals = Math.min(times(maxIterations, tasks), Math.floor((search - valset) / leastPerProposal));
  const asksOnce = settings.reflectionModel === undefined;
  const components =
    settings.componentSelector === 'round_robin' ? 1 : componentNames(settings.adapter.components).length;
  const likelyTasks = Number.isFinite(tasks) ? tasks : 1;
  const metricCalls = search + 2 * testset;
  return {
    iterations: maxIterations,
    metricCalls,
    reflections: times(proposals, asksOnce ? 1 : 2 * components),
    rolloutRounds: metricCalls / Math.min(concurrency, valset, likelyTasks * minibatch),
    reflectionRounds: (proposals / likelyTasks) * (asksOnce ? 1 : 2),
  };
}

function tasksOf(strategy: SamplingStrategy): number {
  if (strategy === 'single') return 1;
  if ('parents' in strategy) return strategy.parents * strategy.mutations;
  if ('independent' in strategy) return strategy.independent;
  if ('sameParent' in strategy) return strategy.sameParent;
  return Number.POSITIVE_INFINITY;
}

/** Zero times infinity is zero. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);
