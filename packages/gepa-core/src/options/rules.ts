import type { Component } from '../component.ts';
import { validateTemplate } from '../reflection/prompt/prompt.ts';
import { FIRST_PART } from '../search/strategies/adaptive.ts';
import type { AnyOptions } from './option-kinds.ts';

/**
 * Checks the options against one another.
 *
 * @param given All options, also invalid ones.
 * @param valid The options that are valid by themselves.
 * @param needsReserve Whether limits on tokens and dollars require that the maximum of each call is known.
 * @returns One sentence for each problem.
 */
export function* checkRules(
  given: AnyOptions,
  valid: AnyOptions,
  { needsReserve }: { readonly needsReserve: boolean },
): Generator<string> {
  yield* checkProgram(given, valid);
  yield* checkComponentNames(valid);
  yield* checkTemplates(valid);
  yield* checkVariables(valid);
  const isGiven = (name: keyof AnyOptions) => given[name] !== undefined;
  if (!isGiven('reflectionModel') && !isGiven('propose') && valid.adapter?.propose === undefined) {
    yield 'Give a `reflectionModel`, or a proposer of your own as `propose`.';
  }
  if (isGiven('reflectionModel') && isGiven('propose')) {
    yield 'Give either `reflectionModel` or `propose`, not both.';
  }
  if (isGiven('parallelProposals') && isGiven('samplingStrategy')) {
    yield 'Give either `parallelProposals` or `samplingStrategy`, not both.';
  }
  if (isGiven('auto') && isGiven('maxMetricCalls')) {
    yield 'Give either `auto` or `maxMetricCalls`, not both.';
  }
  const stopConditions = valid.stopConditions ?? [];
  if (!limits.some(isGiven) && stopConditions.length === 0) {
    yield 'The run has no limit: set `maxMetricCalls` or `auto`, `maxIterations`, `maxCostUsd`, `maxTokens`, `maxDurationMs`, `stopConditions` or `signal`.';
  }
  if (isGiven('continueFrom') && given.continueFrom === given.runDir) {
    yield '`continueFrom` is the `runDir` itself. To resume that run, leave `continueFrom` out; to continue it with other examples, give a new `runDir`.';
  }
  if (given.reserve === valid.reserve) yield* checkReserve(valid, needsReserve);
  const { trainset, valset = trainset, testset = [], maxMetricCalls, search, valEvaluationPolicy } = valid;
  const policy = valEvaluationPolicy ?? (search === 'reference' ? 'full_eval' : 'growing_part');
  const validation =
    policy === 'growing_part' ? Math.min(FIRST_PART, valset?.length ?? 0) : (valset?.length ?? 0);
  const candidates = 1 + (valid.seedCandidates?.length ?? 0);
  const needed = candidates * validation + 2 * testset.length;
  if (valset !== undefined && maxMetricCalls !== undefined && maxMetricCalls < needed) {
    const test = testset.length === 0 ? '' : ` and 2 × ${testset.length} for the testset`;
    const seeds = candidates === 1 ? 'the seed' : `the seed and ${candidates - 1} seedCandidates`;
    yield `maxMetricCalls is ${maxMetricCalls}, but scoring ${seeds} takes ${candidates * validation} calls for the valset${test}: give at least ${needed}, and more to search.`;
  }
}

const limits = [
  'maxMetricCalls',
  'auto',
  'maxIterations',
  'maxCostUsd',
  'maxTokens',
  'maxDurationMs',
  'signal',
] as const;

function* checkProgram({ adapter, seedCandidate, run }: AnyOptions, valid: AnyOptions): Generator<string> {
  if (adapter !== undefined && (seedCandidate !== undefined || run !== undefined)) {
    yield 'Give either `adapter` or `seedCandidate` with `run`, not both.';
  } else if (adapter === undefined && (seedCandidate === undefined || run === undefined)) {
    yield 'Give an `adapter`, or both `seedCandidate` and `run`.';
  }
  if (componentNamesOf(valid)?.length === 0) {
    yield 'The program has no components: there is no text to optimize.';
  }
}

/** Options with values by component name. */
const namedOptions = [
  'reflectionPromptTemplate',
  'guidance',
  'descriptions',
  'maxLength',
  'validate',
] as const satisfies readonly (keyof AnyOptions)[];

function* checkComponentNames(valid: AnyOptions): Generator<string> {
  const names = componentNamesOf(valid);
  if (names === undefined) return;
  for (const option of namedOptions) {
    const values = valid[option];
    if (typeof values !== 'object') continue;
    for (const name of Object.keys(values).filter((name) => !names.includes(name))) {
      yield `${option} names the component "${name}"; the components are ${names.join(', ')}.`;
    }
  }
}

function* checkTemplates({ reflectionPromptTemplate: templates }: AnyOptions): Generator<string> {
  if (templates === undefined) return;
  for (const template of typeof templates === 'string' ? [templates] : Object.values(templates)) {
    const problem = template === undefined ? undefined : validateTemplate(template);
    if (problem !== undefined) yield problem;
  }
}

/** Without them in the seed, every new text would be refused. */
function* checkVariables({ adapter, seedCandidate }: AnyOptions): Generator<string> {
  const components: Readonly<Record<string, string | Component>> = adapter?.components ?? seedCandidate ?? {};
  for (const [name, component] of Object.entries(components)) {
    if (typeof component === 'string') continue;
    const missing = (component.variables ?? []).filter((word) => !component.text.includes(`{${word}}`));
    if (missing.length > 0) {
      yield `The component "${name}" has the variables {${missing.join('}, {')}}, which its text does not contain. Write {${missing[0]}} where the program fills it in, or leave it out of \`variables\`.`;
    }
  }
}

function componentNamesOf({ adapter, seedCandidate }: AnyOptions): string[] | undefined {
  const components = adapter?.components ?? seedCandidate;
  return components && Object.keys(components);
}

/** The maximum of each call must be known, since the call could exceed a limit otherwise, and must fit in the limit. */
function* checkReserve(valid: AnyOptions, needsReserve: boolean): Generator<string> {
  const { maxCostUsd, maxTokens, reserve = {}, reflectionModel } = valid;
  const spendLimits = [
    { name: 'maxCostUsd', limit: maxCostUsd, unit: 'costUsd' },
    { name: 'maxTokens', limit: maxTokens, unit: 'tokens' },
  ] as const;
  const calls = [
    { kind: 'rollout', metersCalls: (valid.adapter ?? valid).metersCalls === true, caller: 'run()' },
    {
      kind: 'reflection',
      metersCalls: reflectionModel === undefined || reflectionModel.metersCalls === true,
      caller: 'the reflection model',
    },
  ] as const;
  for (const { kind, metersCalls, caller } of calls) {
    const declared = reserve[kind] ?? {};
    const isDeclared = declared.costUsd !== undefined || declared.tokens !== undefined;
    for (const { name, limit, unit } of spendLimits) {
      if (limit === undefined) continue;
      const max = declared[unit];
      if (max === undefined && needsReserve && (isDeclared || !metersCalls)) {
        const [why, or] = isDeclared
          ? [`\`reserve.${kind}\` has no \`${unit}\``, '']
          : [
              `${caller} does not meter its model calls`,
              ', or call `meter.begin()` before each model call and set `metersCalls`',
            ];
        yield `${name} requires the maximum of every call, but ${why}. Set \`reserve.${kind}.${unit}\` to the most that one ${kind} can take (\`estimate\` shows the likely size)${or}.`;
      } else if (max !== undefined && max > limit) {
        yield `reserve.${kind}.${unit} is ${max}, more than ${name} (${limit}), so no ${kind} can start. Raise the limit or lower the reserve.`;
      }
    }
  }
}
