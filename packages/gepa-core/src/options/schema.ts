import * as z from 'zod/v4-mini';
import { unknownOptions } from '../check-options.ts';
import { schemaError } from '../schema-error.ts';
import { batchSamplers, candidateSelectors, evaluationPolicies } from '../search/strategies/strategies.ts';
import type { AdapterOptions, FunctionOptions } from './options.ts';

const optional = z.optional;
const atLeast = (minimum: number) => z.gte(minimum, `must be ${minimum} or more`);
const isWhole = z.refine(Number.isInteger, { error: 'must be a whole number', abort: true });
const wholeNumber = z.number().check(isWhole);
const wholeFrom = (minimum: number) => z.number().check(isWhole, atLeast(minimum));
const count = wholeFrom(1);
const positive = z.number().check(z.gt(0, 'must be more than 0'));
const notNegative = z.number().check(atLeast(0));
const aFunction = z.custom<unknown>((value) => typeof value === 'function', 'must be a function');
const flag = z.boolean();
const list = (ifEmpty: string) => z.array(z.unknown()).check(z.minLength(1, ifEmpty));
const has = (value: unknown, method: string) =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Record<string, unknown>)[method] === 'function';

/** A strategy: a name, a custom function, an object with a method, or an object with counts. */
function strategy(
  names: readonly string[],
  custom: { method?: string; function?: boolean; counts?: readonly (readonly string[])[] },
) {
  const { method, counts = [] } = custom;
  const isCustom = (value: unknown) =>
    (method !== undefined && has(value, method)) ||
    (custom.function === true && typeof value === 'function') ||
    counts.some((keys) => countsOf(keys).safeParse(value).success);
  const choices = [
    ...names.map((name) => `'${name}'`),
    ...counts.map((keys) => `{ ${keys.map((key) => `${key}: n`).join(', ')} }`),
    ...(custom.function ? ['a function'] : []),
    ...(method === undefined ? [] : [`an object with ${method}()`]),
  ];
  return z.custom<unknown>(
    (value) => (typeof value === 'string' && names.includes(value)) || isCustom(value),
    `is not a known strategy; use ${choices.join(', ')}`,
  );
}

const countOrAuto = z.union([count, z.literal('auto')], "must be a whole number of 1 or more, or 'auto'");
const countsOf = (keys: readonly string[]) =>
  z.strictObject(Object.fromEntries(keys.map((key) => [key, key === 'parents' ? countOrAuto : count])));

/** A value for all components, or values by name. */
const perComponent = (type: z.ZodMiniType, what: string) =>
  z.union([type, z.record(z.string(), optional(type))], `must be ${what}, or one for each component by name`);
const components = z.record(z.string(), z.looseObject({ text: z.string() }));

const reserve = z.strictObject({
  tokens: optional(wholeFrom(0)),
  costUsd: optional(notNegative),
});

const price = z.strictObject({
  input: notNegative,
  cachedInput: optional(notNegative),
  cacheWrite: optional(notNegative),
  output: notNegative,
});

const shape = {
  adapter: optional(
    z.custom<unknown>(
      (value) =>
        has(value, 'run') && components.safeParse((value as { components?: unknown }).components).success,
      'must be an adapter: an object with run() and components, each with its text',
    ),
  ),
  seedCandidate: optional(z.record(z.string(), z.union([z.string(), z.looseObject({ text: z.string() })]))),
  run: optional(aFunction),
  metersCalls: optional(flag),
  trainset: list('is empty; give at least one example'),
  valset: optional(list('is empty; leave it out to use the trainset')),
  testset: optional(list('is empty; leave it out if there is none')),
  seedCandidates: optional(
    z.array(
      z.union(
        [z.string().check(z.minLength(1)), z.record(z.string(), z.unknown())],
        'must be the texts of a candidate by component, a saved candidate, or the path of its file',
      ),
    ),
  ),
  continueFrom: optional(z.string().check(z.minLength(1, 'is empty; give the path of a run directory'))),
  onRegression: optional(z.enum(['useSeed', 'keepBest'])),
  metric: aFunction,
  reflectionModel: optional(aFunction),
  propose: optional(aFunction),
  reflectionPromptTemplate: optional(z.union([z.string(), z.record(z.string(), z.string())])),
  background: optional(z.string()),
  objective: optional(z.string()),
  readerHint: optional(z.string()),
  guidance: optional(perComponent(z.string(), 'a text')),
  descriptions: optional(z.record(z.string(), optional(z.string()))),
  maxLength: optional(perComponent(count, 'a whole number of 1 or more')),
  validate: optional(perComponent(aFunction, 'a function')),
  showExpected: optional(flag),
  maxRecordCharacters: optional(wholeFrom(600)),
  search: optional(z.enum(['adaptive', 'reference'])),
  candidateSelectionStrategy: optional(
    strategy(Object.keys(candidateSelectors), {
      method: 'select',
    }),
  ),
  componentSelector: optional(strategy(['round_robin', 'all'], { function: true, method: 'select' })),
  batchSampler: optional(strategy(Object.keys(batchSamplers), { method: 'next' })),
  parallelProposals: optional(countOrAuto),
  samplingStrategy: optional(
    strategy(['single'], {
      method: 'sample',
      counts: [['parents', 'mutations']],
    }),
  ),
  acceptanceCriterion: optional(strategy(['strict_improvement', 'improvement_or_equal'], { function: true })),
  selectionStrategy: optional(strategy(['all', 'best'], { function: true, counts: [['topK']] })),
  valEvaluationPolicy: optional(strategy(Object.keys(evaluationPolicies), { method: 'next' })),
  frontierType: optional(z.enum(['instance', 'objective', 'hybrid', 'cartesian'])),
  reflectionMinibatchSize: optional(count),
  skipPerfectScore: optional(flag),
  perfectScore: optional(z.number()),
  failureScore: optional(z.number()),
  useMerge: optional(flag),
  maxMergeInvocations: optional(wholeFrom(0)),
  mergeValOverlapFloor: optional(count),
  cacheEvaluation: optional(flag),
  skipDuplicates: optional(flag),
  maxMetricCalls: optional(count),
  auto: optional(z.enum(['light', 'medium', 'heavy'])),
  maxIterations: optional(count),
  maxCostUsd: optional(positive),
  maxTokens: optional(count),
  reserve: optional(
    z.strictObject({
      rollout: optional(reserve),
      reflection: optional(reserve),
      outputTokens: optional(count),
    }),
  ),
  prices: optional(z.record(z.string(), price)),
  maxDurationMs: optional(positive),
  stopConditions: optional(z.array(aFunction)),
  signal: optional(z.custom<unknown>((value) => value instanceof AbortSignal, 'must be an AbortSignal')),
  concurrency: optional(count),
  rollouts: optional(
    z.custom<unknown>(
      (value) => has(value, 'placeFor'),
      'must be what `bullmq(…)` of gepa-core/bullmq returns',
    ),
  ),
  reflectionConcurrency: optional(count),
  retry: optional(
    z.strictObject({
      retries: optional(wholeFrom(0)),
      minDelayMs: optional(notNegative),
      maxDelayMs: optional(notNegative),
      classifyError: optional(aFunction),
    }),
  ),
  rolloutTimeoutMs: optional(positive),
  seed: optional(wholeNumber),
  runDir: optional(z.string().check(z.minLength(1, 'is empty; give a path'))),
  report: optional(z.string().check(z.minLength(1, 'is empty; give a path'))),
  redact: optional(aFunction),
  onEvent: optional(aFunction),
  progress: optional(flag),
} satisfies Record<keyof (AdapterOptions<0, 0, 0, ''> & FunctionOptions<0, 0, 0, ''>), z.ZodMiniType>;

const schema = z.object(shape);

/** All options of both forms of `optimize`. */
export type AnyOptions = Partial<
  AdapterOptions<unknown, unknown, unknown, string> & FunctionOptions<unknown, unknown, unknown, string>
>;

/**
 * Checks the name, type and range of each option.
 *
 * @returns One sentence for each problem, and the options that have none.
 */
export function checkEachOption(options: object): {
  readonly problems: readonly string[];
  readonly valid: AnyOptions;
} {
  const issues = schema.safeParse(options, { error: schemaError }).error?.issues ?? [];
  const invalid = new Set(issues.map(({ path }) => path[0]));
  const valid = Object.entries(options).filter(([name, value]) => value !== undefined && !invalid.has(name));
  return {
    problems: [
      ...unknownOptions(options, Object.keys(shape)),
      ...issues.map((issue) => describeIssue(issue, options)),
    ],
    valid: Object.fromEntries(valid),
  };
}

function describeIssue(issue: z.core.$ZodIssue, options: object): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return `There is no option ${issue.keys.map((key) => `"${[...path, key].join('.')}"`).join(' or ')}.`;
  }
  const value = (options as Record<string, unknown>)[path[0]!];
  if (value === undefined) return `The option "${path[0]}" is missing.`;
  const got = typeof value === 'object' || typeof value === 'function' ? '' : ` (got ${valueAsText(value)})`;
  return `The option "${path.join('.')}" ${issue.message}${got}.`;
}

/** JSON has no `NaN` or `Infinity`. */
const valueAsText = (value: unknown) => (typeof value === 'number' ? String(value) : JSON.stringify(value));
