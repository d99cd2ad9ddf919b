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

/** The places where a run can be steered, by name or by an object of the caller's own. */
export interface StrategyOptions<Name extends string = string> {
  readonly candidateSelectionStrategy: CandidateSelectionStrategy;
  readonly componentSelector: ComponentSelectorOption<Name>;
  readonly batchSampler: BatchSamplerOption;
  readonly samplingStrategy: SamplingStrategy;
  readonly acceptanceCriterion: AcceptanceCriterion<Name>;
  readonly selectionStrategy: SelectionStrategy<Name>;
  readonly valEvaluationPolicy: EvaluationPolicyOption;
}

/** The strategies of one run, ready to ask; an answer that cannot be used is a `StrategyError`. */
export interface Strategies<Name extends string = string> {
  sampleTasks(search: SearchView<Name>): readonly Task[];
  selectComponents(selection: ComponentSelection<Name>): readonly Name[];
  candidateAdded(index: number, parents: readonly number[]): void;
  accepts(trial: Trial<Name>): boolean;
  select<Child extends Trial<Name>>(accepted: readonly Child[]): readonly Child[];
  /** The most children of so many tasks that can go on to the valset. */
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

  const candidateOf = (who: string, parent: unknown, known: number) =>
    valid(who, [parent], known, `candidates 0 to ${known - 1}`)[0]!;
  const minibatchOf = (who: string, minibatch: unknown) =>
    valid(who, minibatch, trainsetSize, `trainset positions 0 to ${trainsetSize - 1}`);
  const selectParent = (search: SearchView<Name>) =>
    candidateOf('candidate selection', candidates.select(search, random), search.candidates.length);
  const nextMinibatch = (iteration: number) =>
    minibatchOf('batch sampler', batches.next({ trainsetSize, minibatchSize, iteration, random }));

  return {
    sampleTasks(search) {
      const who = 'sampling strategy';
      const sampled: unknown = tasks.sample({
        selectParent: () => selectParent(search),
        nextMinibatch: () => nextMinibatch(search.iteration),
      });
      return some<Partial<Task> | undefined>(who, sampled, 'tasks').map((task) => ({
        parent: candidateOf(who, task?.parent, search.candidates.length),
        minibatch: [...minibatchOf(who, task?.minibatch)],
      }));
    },
    selectComponents(selection) {
      const chosen = list<Name>('component selector', components.select(selection));
      const unknown = chosen.filter((name) => !selection.components.includes(name));
      if (chosen.length === 0 || unknown.length > 0) {
        throw new StrategyError(
          `The component selector chose ${chosen.length === 0 ? 'nothing' : unknown.join(', ')}; choose one or more of ${selection.components.join(', ')}.`,
        );
      }
      return [...new Set(chosen)];
    },
    candidateAdded(index, parents) {
      const given: unknown = components.candidateAdded?.(index, parents);
      if (given instanceof Promise) {
        throw new StrategyError(
          `The component selector's candidateAdded gave ${shown(given)}; it must be done when it returns.`,
        );
      }
    },
    accepts(trial) {
      const verdict: unknown = accepts(trial);
      if (typeof verdict === 'boolean') return verdict;
      throw new StrategyError(`The acceptance criterion gave ${shown(verdict)}; give true or false.`);
    },
    select<Child extends Trial<Name>>(accepted: readonly Child[]) {
      const selected = accepted.length === 0 ? [] : list<Child>('proposal selection', select(accepted));
      if (selected.some((child) => !accepted.includes(child))) {
        throw new StrategyError(
          'The proposal selection returned something it was not given; return some of its proposals.',
        );
      }
      return selected;
    },
    mostSelected: (count) => mostSelected(options.selectionStrategy as SelectionStrategy, count),
    evaluationPolicy: {
      next(progress) {
        const wanted = list<number>('evaluation policy', policy.next(progress));
        if (wanted.length === 0) return wanted;
        const size = progress.scores.length;
        return valid('evaluation policy', wanted, size, `valset positions 0 to ${size - 1}`);
      },
      best: (pool) => candidateOf('evaluation policy', (policy.best ?? bestByMean)(pool), pool.length),
    },
  };
}

function valid(who: string, numbers: unknown, below: number, allowed: string): readonly number[] {
  const isFit = (n: unknown) => Number.isInteger(n) && Number(n) >= 0 && Number(n) < below;
  if (Array.isArray(numbers) && numbers.length > 0 && numbers.every(isFit)) return numbers;
  throw new StrategyError(`The ${who} gave ${shown(numbers)}; give one or more of ${allowed}.`);
}

function list<T>(who: string, value: unknown): readonly T[] {
  if (Array.isArray(value)) return value;
  throw new StrategyError(`The ${who} gave ${shown(value)}; give a list.`);
}

function some<T>(who: string, value: unknown, what: string): readonly T[] {
  const items = list<T>(who, value);
  if (items.length > 0) return items;
  throw new StrategyError(`The ${who} gave no ${what}; give one or more.`);
}

/** What a strategy gave, in words. A promise is refused, so that nobody else hears of its failure. */
function shown(value: unknown): string {
  const promises = [value].flat().filter((item) => item instanceof Promise);
  for (const promise of promises) promise.catch(() => {});
  return promises.length > 0 ? 'a promise' : (JSON.stringify(value) ?? String(value));
}
