import { StrategyError } from '../errors.ts';
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
import { type EvaluationPolicy, type EvaluationPolicyOption, evaluationPolicy } from './evaluation-policy.ts';
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
  readonly evaluationPolicy: EvaluationPolicyOption;
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
  readonly evaluationPolicy: EvaluationPolicy;
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

  const selectParent = (search: SearchView<Name>) => {
    const parent = candidates.select(search, random);
    const known = search.candidates.length;
    return valid('candidate selection', [parent], known, `candidates 0 to ${known - 1}`)[0]!;
  };
  const nextMinibatch = (iteration: number) => {
    const minibatch = batches.next({ trainsetSize, minibatchSize, iteration, random });
    return valid('batch sampler', minibatch, trainsetSize, `trainset positions 0 to ${trainsetSize - 1}`);
  };

  return {
    sampleTasks: (search) =>
      tasks
        .sample({
          selectParent: () => selectParent(search),
          nextMinibatch: () => nextMinibatch(search.iteration),
        })
        .map(({ parent, minibatch }) => ({ parent, minibatch: [...minibatch] })),
    selectComponents(selection) {
      const chosen = components.select(selection);
      const unknown = chosen.filter((name) => !selection.components.includes(name));
      if (chosen.length === 0 || unknown.length > 0) {
        throw new StrategyError(
          `The component selector chose ${chosen.length === 0 ? 'nothing' : unknown.join(', ')}; choose one or more of ${selection.components.join(', ')}.`,
        );
      }
      return [...new Set(chosen)];
    },
    candidateAdded: (index, parents) => components.candidateAdded?.(index, parents),
    accepts: acceptance(options.acceptanceCriterion),
    select<Child extends Trial<Name>>(accepted: readonly Child[]) {
      const selected = accepted.length === 0 ? [] : (select(accepted) as readonly Child[]);
      if (selected.some((child) => !accepted.includes(child))) {
        throw new StrategyError(
          'The proposal selection returned something it was not given; return some of its proposals.',
        );
      }
      return selected;
    },
    mostSelected: (count) => mostSelected(options.selectionStrategy as SelectionStrategy, count),
    evaluationPolicy: evaluationPolicy(options.evaluationPolicy),
  };
}

function valid(who: string, numbers: readonly number[], below: number, allowed: string): readonly number[] {
  if (numbers.length > 0 && numbers.every((n) => Number.isInteger(n) && n >= 0 && n < below)) return numbers;
  throw new StrategyError(`The ${who} gave ${JSON.stringify(numbers)}; give one or more of ${allowed}.`);
}
