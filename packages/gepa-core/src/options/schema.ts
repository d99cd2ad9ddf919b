import * as z from 'zod/v4';
import { unknownOptions } from './option-names.ts';
import type { AdapterOptions, FunctionOptions } from './options.ts';

const optional = <T extends z.ZodType>(type: T) => type.optional();
const count = z.number().int('must be a whole number').min(1, 'must be 1 or more');
const positive = z.number().positive('must be more than 0');
const notNegative = z.number().min(0, 'must be 0 or more');
const aFunction = z.custom<unknown>((value) => typeof value === 'function', 'must be a function');
const flag = z.boolean();
const list = z.array(z.unknown());
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

const countsOf = (keys: readonly string[]) =>
  z.strictObject(Object.fromEntries(keys.map((key) => [key, count])));

const components = z.record(z.string(), z.looseObject({ text: z.string() }));

const reserve = z.strictObject({
  tokens: optional(z.number().int('must be a whole number').min(0, 'must be 0 or more')),
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
  trainset: list.min(1, 'is empty; give at least one example'),
  valset: optional(list.min(1, 'is empty; leave it out to use the trainset')),
  testset: optional(list.min(1, 'is empty; leave it out if there is none')),
  metric: aFunction,
  reflectionModel: optional(aFunction),
  propose: optional(aFunction),
  reflectionPromptTemplate: optional(z.union([z.string(), z.record(z.string(), z.string())])),
  maxRecordCharacters: optional(z.number().int().min(600, 'must be 600 or more')),
  search: optional(z.enum(['adaptive', 'reference'])),
  candidateSelectionStrategy: optional(
    strategy(['leader_or_pareto', 'pareto', 'current_best', 'epsilon_greedy', 'top_k_pareto'], {
      method: 'select',
    }),
  ),
  componentSelector: optional(strategy(['round_robin', 'all'], { function: true, method: 'select' })),
  batchSampler: optional(strategy(['reuse_measured', 'epoch_shuffled'], { method: 'next' })),
  samplingStrategy: optional(
    strategy(['single'], {
      method: 'sample',
      counts: [['parents', 'mutations'], ['independent'], ['sameParent']],
    }),
  ),
  acceptanceCriterion: optional(strategy(['strict_improvement', 'improvement_or_equal'], { function: true })),
  selectionStrategy: optional(strategy(['all', 'best'], { function: true, counts: [['topK']] })),
  valEvaluationPolicy: optional(strategy(['growing_part', 'full_eval'], { method: 'next' })),
  frontierType: optional(z.enum(['instance', 'objective', 'hybrid', 'cartesian'])),
  reflectionMinibatchSize: optional(count),
  skipPerfectScore: optional(flag),
  perfectScore: optional(z.number()),
  failureScore: optional(z.number()),
  useMerge: optional(flag),
  maxMergeInvocations: optional(z.number().int().min(0)),
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
  retry: optional(
    z.strictObject({
      retries: optional(z.number().int().min(0)),
      minDelayMs: optional(z.number().min(0)),
      maxDelayMs: optional(z.number().min(0)),
      classifyError: optional(aFunction),
    }),
  ),
  rolloutTimeoutMs: optional(positive),
  seed: optional(z.number().int('must be a whole number')),
  runDir: optional(z.string().min(1, 'is empty; give a path')),
  redact: optional(aFunction),
  onEvent: optional(aFunction),
  progress: optional(flag),
} satisfies Record<keyof (AdapterOptions<0, 0, 0, ''> & FunctionOptions<0, 0, 0, ''>), z.ZodType>;

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
  const issues = schema.safeParse(options).error?.issues ?? [];
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
  // The messages of this schema complete the sentence; those of zod do not.
  const isOurs = /^(is|must) /.test(issue.message);
  const got = typeof value === 'object' || typeof value === 'function' ? '' : ` (got ${valueAsText(value)})`;
  return `The option "${path.join('.')}" ${isOurs ? '' : 'is invalid: '}${issue.message}${got}.`;
}

/** JSON has no `NaN` or `Infinity`. */
const valueAsText = (value: unknown) => (typeof value === 'number' ? String(value) : JSON.stringify(value));
