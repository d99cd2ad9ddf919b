import { optionProblems } from '../check-options.ts';
import type { Component } from '../component.ts';
import {
  aCount,
  aCountFrom,
  aFilledList,
  aFlag,
  aFunction,
  aNumber,
  anObject,
  aPositiveNumber,
  aString,
  aText,
  aWholeNumber,
  type Kind,
  notNegative,
  objectOf,
  oneOf,
  required,
} from '../kinds.ts';
import { batchSamplers, candidateSelectors, evaluationPolicies } from '../search/strategies/strategies.ts';
import type { AdapterOptions, FunctionOptions } from './options.ts';

const aPath: Kind = { words: 'a path', is: aText.is };
const examples = aFilledList('example');
const examplesIfAny = (otherwise: string): Kind => ({
  ...examples,
  words: `${examples.words}; ${otherwise}`,
});
const has = (value: unknown, method: string) =>
  anObject.is(value) && typeof (value as Readonly<Record<string, unknown>>)[method] === 'function';

const isAuto = (value: unknown) => value === 'auto';
const countOrAuto: Kind = {
  words: `${aCount.words}, or 'auto'`,
  is: (value) => aCount.is(value) || isAuto(value),
};

/** A strategy: a name, a custom function, an object with a method, or an object with counts. */
function strategy(
  names: readonly string[],
  custom: { readonly method?: string; readonly isFunction?: boolean; readonly counts?: readonly string[] },
): Kind {
  const { method, isFunction = false, counts = [] } = custom;
  const areCounts = (value: unknown) =>
    counts.length > 0 &&
    anObject.is(value) &&
    Object.keys(value as object).length === counts.length &&
    counts.every((name) => {
      const count = (value as Readonly<Record<string, unknown>>)[name];
      return aCount.is(count) || (name === 'parents' && isAuto(count));
    });
  const choices = [
    ...names.map((name) => `'${name}'`),
    ...(counts.length === 0 ? [] : [`{ ${counts.map((name) => `${name}: n`).join(', ')} }`]),
    ...(isFunction ? ['a function'] : []),
    ...(method === undefined ? [] : [`an object with ${method}()`]),
  ];
  return {
    words: choices.join(' or '),
    is: (value) =>
      names.includes(value as string) ||
      (method !== undefined && has(value, method)) ||
      (isFunction && typeof value === 'function') ||
      areCounts(value),
  };
}

const isComponent = (value: unknown) =>
  aString.is(value) || (anObject.is(value) && aString.is((value as { readonly text?: unknown }).text));
const isProgram = (components: unknown) =>
  anObject.is(components) &&
  Object.values(components as object).every((one) => anObject.is(one) && isComponent(one));

const aComponent: Kind = {
  words: 'a text, or an object with its text',
  is: isComponent,
  isRequired: true,
  fields: {
    text: aString,
    kind: aString,
    variables: { words: 'an array of names', is: (value) => Array.isArray(value) && value.every(aText.is) },
    description: aString,
    location: aString,
  } satisfies Record<keyof Component, Kind>,
};

/** A value for all components, or values by name. */
const perComponent = (kind: Kind): Kind => ({
  words: `${kind.words}, or one for each component by name`,
  is: (value) =>
    kind.is(value) ||
    (anObject.is(value) && Object.values(value as object).every((one) => one === undefined || kind.is(one))),
});

const maxOfAttempt = objectOf({ tokens: aCountFrom(0), costUsd: notNegative });

const kinds = {
  adapter: {
    words: 'an adapter: an object with run() and components, each with its text',
    is: (value) => has(value, 'run') && isProgram((value as { readonly components?: unknown }).components),
    fields: { components: { ...anObject, each: aComponent } },
    isOpen: true,
  },
  seedCandidate: { ...anObject, each: aComponent },
  run: aFunction,
  metersCalls: aFlag,
  trainset: required(examples),
  valset: examplesIfAny('leave it out to use the trainset'),
  testset: examplesIfAny('leave it out if there is none'),
  seedCandidates: {
    words: 'an array of candidates, each the texts by component, a saved candidate, or the path of its file',
    is: (value) => Array.isArray(value) && value.every((one) => aText.is(one) || anObject.is(one)),
  },
  continueFrom: { words: 'the path of a run directory', is: aText.is },
  onRegression: oneOf('useSeed', 'keepBest'),
  metric: required(aFunction),
  reflectionModel: aFunction,
  propose: aFunction,
  reflectionPromptTemplate: perComponent(aString),
  background: aString,
  objective: aString,
  readerHint: aString,
  guidance: perComponent(aString),
  descriptions: { ...anObject, each: aString },
  maxLength: perComponent(aCount),
  validate: perComponent(aFunction),
  showExpected: aFlag,
  maxRecordCharacters: aCountFrom(600),
  search: oneOf('adaptive', 'reference'),
  candidateSelectionStrategy: strategy(Object.keys(candidateSelectors), { method: 'select' }),
  componentSelector: strategy(['round_robin', 'all'], { isFunction: true, method: 'select' }),
  batchSampler: strategy(Object.keys(batchSamplers), { method: 'next' }),
  parallelProposals: countOrAuto,
  samplingStrategy: strategy(['single'], { method: 'sample', counts: ['parents', 'mutations'] }),
  acceptanceCriterion: strategy(['strict_improvement', 'improvement_or_equal'], { isFunction: true }),
  selectionStrategy: strategy(['all', 'best'], { isFunction: true, counts: ['topK'] }),
  valEvaluationPolicy: strategy(Object.keys(evaluationPolicies), { method: 'next' }),
  frontierType: oneOf('instance', 'objective', 'hybrid', 'cartesian'),
  reflectionMinibatchSize: aCount,
  skipPerfectScore: aFlag,
  perfectScore: aNumber,
  failureScore: aNumber,
  useMerge: aFlag,
  maxMergeInvocations: aCountFrom(0),
  mergeValOverlapFloor: aCount,
  cacheEvaluation: aFlag,
  skipDuplicates: aFlag,
  maxMetricCalls: aCount,
  auto: oneOf('light', 'medium', 'heavy'),
  maxIterations: aCount,
  maxCostUsd: aPositiveNumber,
  maxTokens: aCount,
  reserve: objectOf({ rollout: maxOfAttempt, reflection: maxOfAttempt, outputTokens: aCount }),
  prices: {
    ...anObject,
    each: required(
      objectOf({
        input: required(notNegative),
        cachedInput: notNegative,
        cacheWrite: notNegative,
        output: required(notNegative),
      }),
    ),
  },
  maxDurationMs: aPositiveNumber,
  stopConditions: {
    words: 'an array of functions',
    is: (value) => Array.isArray(value) && value.every(aFunction.is),
  },
  signal: { words: 'an AbortSignal', is: (value) => value instanceof AbortSignal },
  concurrency: aCount,
  rollouts: {
    words: 'what `bullmq(…)` of gepa-core/bullmq returns',
    is: (value) => has(value, 'placeFor'),
  },
  reflectionConcurrency: aCount,
  retry: objectOf({
    retries: aCountFrom(0),
    minDelayMs: notNegative,
    maxDelayMs: notNegative,
    classifyError: aFunction,
  }),
  rolloutTimeoutMs: aPositiveNumber,
  seed: aWholeNumber,
  runDir: aPath,
  report: aPath,
  redact: aFunction,
  onEvent: aFunction,
  progress: aFlag,
} satisfies Record<keyof (AdapterOptions<0, 0, 0, ''> & FunctionOptions<0, 0, 0, ''>), Kind>;

/** All options of both forms of `optimize`. */
export type AnyOptions = Partial<
  AdapterOptions<unknown, unknown, unknown, string> & FunctionOptions<unknown, unknown, unknown, string>
>;

/**
 * Checks the name and the kind of each option.
 *
 * @returns One sentence for each problem, and the options that have none.
 */
export function checkEachOption(options: AnyOptions): {
  readonly problems: readonly string[];
  readonly valid: AnyOptions;
} {
  const valid = Object.entries(kinds)
    .map(([name, kind]) => ({ name, kind, value: options[name as keyof AnyOptions] }))
    .filter(({ name, kind, value }) => optionProblems({ [name]: value }, { [name]: kind }).length === 0);
  return {
    problems: optionProblems(options, kinds),
    valid: Object.fromEntries(valid.map(({ name, value }) => [name, value])),
  };
}
