import { StrategyError } from '../../errors.ts';
import type { Random } from '../random.ts';
import type { SearchView } from '../search-view.ts';
import { type AcceptanceCriterion, acceptance, type Trial } from './acceptance.ts';
import { type BatchSamplerOption, batchSampler } from './batch-sampling.ts';
import { type CandidateSelectionStrategy, candidateSelector } from './candidate-selection.ts';
import {
  type ComponentSelection,
  type ComponentSelectorOption,
  componentSelector,
} from './component-selection.ts';
import {
  bestByMean,
  type EvaluationPolicy,
  type EvaluationPolicyOption,
  evaluationPolicy,
} from './evaluation-policy.ts';
import { proposalSampler, type SamplingStrategy, type Task } from './proposal-sampling.ts';
import { mostSelected, proposalSelection, type SelectionStrategy } from './proposal-selection.ts';

/** The strategy options of a run; each is a name or a custom implementation. */
export interface StrategyOptions<Name extends string = string> {
  readonly candidateSelectionStrategy: CandidateSelectionStrategy;
  readonly componentSelector: ComponentSelectorOption<Name>;
  readonly batchSampler: BatchSamplerOption;
  readonly samplingStrategy: SamplingStrategy;
  readonly acceptanceCriterion: AcceptanceCriterion<Name>;
  readonly selectionStrategy: SelectionStrategy<Name>;
  readonly valEvaluationPolicy: EvaluationPolicyOption;
}

/** The strategies of one run. Each method throws `StrategyError` when a custom strategy returns an invalid value. */
export interface Strategies<Name extends string = string> {
  sampleTasks(search: SearchView<Name>): readonly Task[];
  selectComponents(selection: ComponentSelection<Name>): readonly Name[];
  candidateAdded(index: number, parents: readonly number[]): void;
  accepts(trial: Trial<Name>): boolean;
  select<Child extends Trial<Name>>(accepted: readonly Child[]): readonly Child[];
  /** The maximum number of children that `select` returns for a number of tasks. */
  mostSelected(tasks: number): number;
  readonly evaluationPolicy: Required<EvaluationPolicy>;
}

export function createStrategies<Name extends string>(
  options: StrategyOptions<Name>,
  run: { readonly random: Random; readonly trainsetSize: number; readonly minibatchSize: number },
): Strategies<Name> {
  const { random, trainsetSize, minibatchSize } = run;
  const candidates = candidateSelector(options.candidateSelectionStrategy);
  const components = componentSelector(options.componentSelector);
  const batches = batchSampler(options.batchSampler);
  const tasks = proposalSampler(options.samplingStrategy);
  const select = proposalSelection(options.selectionStrategy);
  const accepts = acceptance(options.acceptanceCriterion);
  const policy = evaluationPolicy(options.valEvaluationPolicy);

  const checkCandidate = (strategy: string, index: unknown, count: number) =>
    checkIndices(strategy, [index], count, `candidates 0 to ${count - 1}`)[0]!;
  const checkMinibatch = (strategy: string, minibatch: unknown) =>
    checkIndices(strategy, minibatch, trainsetSize, `trainset positions 0 to ${trainsetSize - 1}`);
  const selectParent = (search: SearchView<Name>) =>
    checkCandidate('candidate selection', candidates.select(search, random), search.candidates.length);
  const nextMinibatch = (iteration: number) =>
    checkMinibatch('batch sampler', batches.next({ trainsetSize, minibatchSize, iteration, random }));

  return {
    sampleTasks(search) {
      const strategy = 'sampling strategy';
      const sampled: unknown = tasks.sample({
        selectParent: () => selectParent(search),
        nextMinibatch: () => nextMinibatch(search.iteration),
      });
      const planned = checkArray<Partial<Task> | undefined>(strategy, sampled);
      if (planned.length === 0) {
        throw new StrategyError(`The ${strategy} returned no tasks; return one or more.`);
      }
      return planned.map((task) => ({
        parent: checkCandidate(strategy, task?.parent, search.candidates.length),
        minibatch: [...checkMinibatch(strategy, task?.minibatch)],
      }));
    },
    selectComponents(selection) {
      const selected = checkArray<Name>('component selector', components.select(selection));
      const unknown = selected.filter((name) => !selection.components.includes(name));
      if (selected.length === 0 || unknown.length > 0) {
        throw new StrategyError(
          `The component selector returned ${selected.length === 0 ? 'no components' : unknown.join(', ')}; return one or more of ${selection.components.join(', ')}.`,
        );
      }
      return [...new Set(selected)];
    },
    candidateAdded(index, parents) {
      const returned: unknown = components.candidateAdded?.(index, parents);
      if (returned instanceof Promise) {
        throw new StrategyError(
          `The component selector's candidateAdded returned ${describe(returned)}; it must be synchronous.`,
        );
      }
    },
    accepts(trial) {
      const accepted: unknown = accepts(trial);
      if (typeof accepted === 'boolean') return accepted;
      throw new StrategyError(
        `The acceptance criterion returned ${describe(accepted)}; return true or false.`,
      );
    },
    select<Child extends Trial<Name>>(accepted: readonly Child[]) {
      if (accepted.length === 0) return [];
      const selected = checkArray<Child>('selection strategy', select(accepted));
      if (selected.some((child) => !accepted.includes(child))) {
        throw new StrategyError(
          'The selection strategy returned a proposal that is not among the accepted ones; return only elements of its argument.',
        );
      }
      return selected;
    },
    mostSelected: (count) => mostSelected(options.selectionStrategy as SelectionStrategy, count),
    evaluationPolicy: {
      next(progress) {
        const positions = checkArray<number>('evaluation policy', policy.next(progress));
        if (positions.length === 0) return positions;
        const size = progress.scores.length;
        return checkIndices('evaluation policy', positions, size, `valset positions 0 to ${size - 1}`);
      },
      best: (pool) => checkCandidate('evaluation policy', (policy.best ?? bestByMean)(pool), pool.length),
    },
  };
}

function checkIndices(strategy: string, indices: unknown, end: number, allowed: string): readonly number[] {
  const isValid = (n: unknown) => Number.isInteger(n) && Number(n) >= 0 && Number(n) < end;
  if (Array.isArray(indices) && indices.length > 0 && indices.every(isValid)) return indices;
  throw new StrategyError(`The ${strategy} returned ${describe(indices)}; return one or more of ${allowed}.`);
}

function checkArray<T>(strategy: string, value: unknown): readonly T[] {
  if (Array.isArray(value)) return value;
  throw new StrategyError(`The ${strategy} returned ${describe(value)}; return an array.`);
}

/** Describes an invalid value for an error message. Handles the rejection of promises, which are not awaited. */
function describe(value: unknown): string {
  const promises = [value].flat().filter((item) => item instanceof Promise);
  for (const promise of promises) promise.catch(() => {});
  return promises.length > 0 ? 'a promise' : (JSON.stringify(value) ?? String(value));
}
