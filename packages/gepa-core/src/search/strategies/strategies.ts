import { GepaError, StrategyError } from '../../errors.ts';
import { messageOf } from '../../text/error-message.ts';
import type { Draws } from '../draws.ts';
import type { ScoredCandidate, SearchView } from '../state/search-view.ts';
import { type AcceptanceCriterion, acceptance, type Trial } from './acceptance.ts';
import { growingPart, leaderOrPareto, reuseMeasured } from './adaptive.ts';
import { type BatchSampler, type BatchSamplerOption, epochShuffled } from './batch-sampling.ts';
import {
  type CandidateSelectionStrategy,
  type CandidateSelector,
  currentBest,
  epsilonGreedy,
  pareto,
  topKPareto,
} from './candidate-selection.ts';
import {
  type ComponentSelection,
  type ComponentSelectorOption,
  componentSelector,
} from './component-selection.ts';
import {
  bestByMean,
  type EvaluationPolicy,
  type EvaluationPolicyOption,
  type FinalStep,
  type FinalsRequest,
  fullEvaluation,
  type PolicyRequest,
  sharedPart,
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

/** The strategies of one run. Each method throws `StrategyError` when a custom strategy throws or returns an invalid value. */
export interface Strategies<Name extends string = string> {
  /** Returns `undefined` when no parent is left to improve. */
  sampleTasks(search: SearchView<Name>): readonly Task[] | undefined;
  minibatchOf(search: SearchView<Name>, parent: number): readonly number[];
  selectComponents(selection: ComponentSelection<Name>): readonly Name[];
  candidateAdded(index: number, parents: readonly number[]): void;
  accepts(trial: Trial<Name>): boolean;
  select<Child extends Trial<Name>>(accepted: readonly Child[]): readonly Child[];
  /** The maximum number of children that `select` returns for a number of tasks. */
  mostSelected(tasks: number): number;
  readonly evaluationPolicy: CheckedPolicy;
}

/** An evaluation policy with its defaults. */
export interface CheckedPolicy extends Required<Pick<EvaluationPolicy, 'next' | 'pool' | 'reserve'>> {
  best(candidates: readonly ScoredCandidate[], part: readonly number[]): number;
  /** Undefined without a final comparison. */
  readonly finals: ((request: FinalsRequest) => FinalStep) | undefined;
  /** Whether a new candidate is scored on the part of the pool only. */
  readonly scoresPart: boolean;
}

/** Those that an option can name. */
type Named<Option> = Extract<Option, string>;

export const batchSamplers: Record<Named<BatchSamplerOption>, () => BatchSampler> = {
  reuse_measured: reuseMeasured,
  epoch_shuffled: epochShuffled,
};
export const candidateSelectors: Record<Named<CandidateSelectionStrategy>, () => CandidateSelector> = {
  leader_or_pareto: leaderOrPareto,
  pareto,
  current_best: currentBest,
  epsilon_greedy: () => epsilonGreedy(),
  top_k_pareto: () => topKPareto(),
};
export const evaluationPolicies: Record<Named<EvaluationPolicyOption>, () => EvaluationPolicy> = {
  growing_part: growingPart,
  full_eval: fullEvaluation,
};

const named = <Name extends string, Strategy extends object>(
  option: Name | Strategy,
  strategies: Readonly<Record<Name, () => Strategy>>,
): Strategy => (typeof option === 'string' ? strategies[option]() : option);

export function createStrategies<Name extends string>(
  options: StrategyOptions<Name>,
  run: {
    readonly draws: Draws;
    readonly trainsetSize: number;
    readonly minibatchSize: number;
    readonly metricCalls: () => PolicyRequest['metricCalls'];
  },
): Strategies<Name> {
  const { draws, trainsetSize, minibatchSize, metricCalls } = run;
  const candidates = named(options.candidateSelectionStrategy, candidateSelectors);
  const components = componentSelector(options.componentSelector);
  const batches = named(options.batchSampler, batchSamplers);
  const tasks = proposalSampler(options.samplingStrategy);
  const select = proposalSelection(options.selectionStrategy);
  const accepts = acceptance(options.acceptanceCriterion);
  const policy = named(options.valEvaluationPolicy, evaluationPolicies);

  const checkCandidate = (strategy: string, index: unknown, count: number) =>
    checkIndices(strategy, [index], count, `candidates 0 to ${count - 1}`)[0]!;
  const checkMinibatch = (strategy: string, minibatch: unknown) =>
    checkIndices(strategy, minibatch, trainsetSize, `trainset positions 0 to ${trainsetSize - 1}`);
  const selectParent = (search: SearchView<Name>) => {
    const selected: unknown = candidates.select(search, draws('parent'));
    if (selected === undefined) return undefined;
    return checkCandidate('candidate selection', selected, search.candidates.length);
  };
  const nextMinibatch = (search: SearchView<Name>, parent: number | undefined) => {
    const { iteration } = search;
    const random = draws('minibatch');
    return checkMinibatch(
      'batch sampler',
      ask('batch sampler', () =>
        batches.next({ trainsetSize, minibatchSize, iteration, random, parent, search }),
      ),
    );
  };

  return {
    sampleTasks(search) {
      const strategy = 'sampling strategy';
      let isExhausted = false;
      const request = {
        selectParent: () => {
          const parent = selectParent(search);
          isExhausted ||= parent === undefined;
          return parent ?? search.bestIndex;
        },
        nextMinibatch: (parent: number | undefined) => nextMinibatch(search, parent),
        metricCalls: metricCalls(),
        minibatchSize,
        search,
      };
      const sampled: unknown = ask(strategy, () => tasks.sample(request));
      if (isExhausted) return undefined;
      const planned = checkArray<Partial<Task> | undefined>(strategy, sampled);
      if (planned.length === 0) {
        throw new StrategyError(`The ${strategy} returned no tasks; return one or more.`);
      }
      return planned.map((task) => ({
        parent: checkCandidate(strategy, task?.parent, search.candidates.length),
        minibatch: [...checkMinibatch(strategy, task?.minibatch)],
      }));
    },
    minibatchOf: nextMinibatch,
    selectComponents(selection) {
      const selected = checkArray<Name>(
        'component selector',
        ask('component selector', () => components.select(selection)),
      );
      const unknown = selected.filter((name) => !selection.components.includes(name));
      if (selected.length === 0 || unknown.length > 0) {
        throw new StrategyError(
          `The component selector returned ${selected.length === 0 ? 'no components' : unknown.join(', ')}; return one or more of ${selection.components.join(', ')}.`,
        );
      }
      return [...new Set(selected)];
    },
    candidateAdded(index, parents) {
      const returned: unknown = ask('component selector', () => components.candidateAdded?.(index, parents));
      if (returned instanceof Promise) {
        throw new StrategyError(
          `The component selector's candidateAdded returned ${describe(returned)}; it must be synchronous.`,
        );
      }
    },
    accepts(trial) {
      const accepted: unknown = ask('acceptance criterion', () => accepts(trial));
      if (typeof accepted === 'boolean') return accepted;
      throw new StrategyError(
        `The acceptance criterion returned ${describe(accepted)}; return true or false.`,
      );
    },
    select<Child extends Trial<Name>>(accepted: readonly Child[]) {
      if (accepted.length === 0) return [];
      const selected = checkArray<Child>(
        'selection strategy',
        ask('selection strategy', () => select(accepted)),
      );
      if (selected.some((child) => !accepted.includes(child))) {
        throw new StrategyError(
          'The selection strategy returned a proposal that is not among the accepted ones; return only elements of its argument.',
        );
      }
      return selected;
    },
    mostSelected: (count) => mostSelected(options.selectionStrategy as SelectionStrategy, count),
    evaluationPolicy: checkedPolicy(policy, options.valEvaluationPolicy === 'full_eval'),
  };
}

function checkedPolicy(policy: EvaluationPolicy, isFull: boolean): CheckedPolicy {
  const strategy = 'evaluation policy';
  const checkPositions = (positions: readonly number[], size: number) =>
    positions.length === 0
      ? positions
      : checkIndices(strategy, positions, size, `valset positions 0 to ${size - 1}`);
  const checkCandidates = (indices: readonly number[], count: number) =>
    checkIndices(strategy, indices, count, `candidates 0 to ${count - 1}`);
  return {
    next(progress) {
      const positions = checkArray<number>(
        strategy,
        ask(strategy, () => policy.next(progress)),
      );
      return checkPositions(positions, progress.scores.length);
    },
    pool(request) {
      const { candidates: known, valsetSize, pool } = request.search;
      if (isFull) return { ...pool, reason: '' };
      const { candidates, part, reason } = ask(strategy, () => policy.pool?.(request)) ?? sharedPart(request);
      return {
        candidates: known.length === 0 ? [] : checkCandidates(candidates, known.length),
        part: checkIndices(strategy, part, valsetSize, `valset positions 0 to ${valsetSize - 1}`),
        reason,
      };
    },
    best(candidates, part) {
      const best: unknown = ask(strategy, () =>
        policy.best === undefined ? bestByMean(candidates, part) : policy.best(candidates, part),
      );
      const member = candidates.find(({ index }) => index === best);
      if (member !== undefined) return member.index;
      throw new StrategyError(
        `The ${strategy} returned ${describe(best)}; return the index of one of its candidates: ${candidates.map(({ index }) => index).join(', ')}.`,
      );
    },
    reserve(request) {
      const share = ask(strategy, () => policy.reserve?.(request)) ?? 0;
      if (share >= 0 && share <= 1) return share;
      throw new StrategyError(
        `The ${strategy} returned ${describe(share)} as its reserve; return a share from 0 to 1.`,
      );
    },
    finals:
      policy.finals &&
      ((request) => {
        const { candidates, valsetSize } = request.search;
        const step = ask(strategy, () => policy.finals!(request));
        checkCandidates('best' in step ? [step.best] : step.candidates, candidates.length);
        checkPositions(step.positions, valsetSize);
        return step;
      }),
    scoresPart: policy.pool !== undefined,
  };
}

/** Calls a strategy, whose errors then name it. */
function ask<Answer>(strategy: string, call: () => Answer): Answer {
  try {
    return call();
  } catch (error) {
    if (GepaError.isInstance(error)) throw error;
    throw new StrategyError(`The ${strategy} threw: ${messageOf(error)}`, { cause: error });
  }
}

function checkIndices(strategy: string, indices: unknown, end: number, allowed: string): readonly number[] {
  const isValid = (n: unknown) => Number.isInteger(n) && Number(n) >= 0 && Number(n) < end;
  // Unlike a spread, every() skips holes.
  if (Array.isArray(indices) && indices.length > 0 && [...indices].every(isValid)) return indices;
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
