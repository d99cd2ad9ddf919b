import { componentNames } from '../component.ts';
import type { Settings } from '../options/settings.ts';
import { ExampleIndex, type ExampleRef } from '../search/examples.ts';
import { MERGE_SUBSAMPLE_SIZE } from '../search/merge-proposer.ts';
import type { SamplingStrategy } from '../search/strategies/proposal-sampling.ts';
import { mostSelected, type SelectionStrategy } from '../search/strategies/proposal-selection.ts';

/** What is taken for likely, and the most it can be. */
export interface Guess {
  readonly likely: number;
  readonly most: number;
}

/** The parts of a search in metric calls and proposals, as the data and the options say before anything is run. */
export interface SearchSize {
  /** A new candidate's pass over the valset. */
  readonly valset: number;
  /** A new candidate on a minibatch. */
  readonly minibatch: Guess;
  /** The part of the training examples that stand in the valset, where a parent need not be run again. */
  readonly known: number;
  /** A merged candidate on its subsample, its pass over the valset included. */
  readonly merge: number;
  /** One candidate on the testset. */
  readonly testset: Guess;
  /** What the budget keeps for the testset. */
  readonly reserved: number;
  /** Proposals of one iteration. */
  readonly tasks: Guess;
  /** Components that one proposal rewrites. */
  readonly rewritten: Guess;
  /** The most children of so many that go on to the valset. */
  readonly mostSelected: (accepted: number) => number;
}

export function searchSize<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
): SearchSize {
  const { cacheEvaluation, reflectionMinibatchSize } = settings;
  const index = new ExampleIndex<Example>();
  const trainset = index.add('train', settings.trainset);
  const valset = index.add('val', settings.valset);
  const testset = index.add('test', settings.testset);
  // As the evaluator counts: with a cache, equal examples are run once.
  const cost = (refs: readonly ExampleRef<Example>[]) =>
    cacheEvaluation ? new Set(refs.map(({ key }) => key)).size : refs.length;
  const inValset = new Set(cacheEvaluation ? valset.map(({ key }) => key) : []);
  const isNew = ({ key }: ExampleRef<Example>) => !inValset.has(key);

  const perMinibatch = cacheEvaluation
    ? Math.min(reflectionMinibatchSize, cost(trainset))
    : reflectionMinibatchSize;
  const names = componentNames(settings.adapter.components).length;
  return {
    valset: cost(valset),
    minibatch: {
      likely: perMinibatch,
      most:
        settings.batchSampler === 'epoch_shuffled'
          ? perMinibatch
          : cacheEvaluation
            ? cost(trainset)
            : Number.POSITIVE_INFINITY,
    },
    known: 1 - trainset.filter(isNew).length / trainset.length,
    merge: cost(valset) + (cacheEvaluation ? 0 : MERGE_SUBSAMPLE_SIZE),
    testset: { likely: cost(testset.filter(isNew)), most: cost(testset) },
    reserved: 2 * testset.length,
    tasks: tasksOf(settings.samplingStrategy),
    rewritten: {
      likely: settings.componentSelector === 'all' ? names : 1,
      most: settings.componentSelector === 'round_robin' ? 1 : names,
    },
    mostSelected: (accepted) => mostSelected(settings.selectionStrategy as SelectionStrategy, accepted),
  };
}

function tasksOf(strategy: SamplingStrategy): Guess {
  const exactly = (n: number) => ({ likely: n, most: n });
  if (strategy === 'single') return exactly(1);
  if ('parents' in strategy) return exactly(strategy.parents * strategy.mutations);
  if ('independent' in strategy) return exactly(strategy.independent);
  if ('sameParent' in strategy) return exactly(strategy.sameParent);
  return { likely: 1, most: Number.POSITIVE_INFINITY };
}
