import * as z from 'zod/v4';
import { validateTemplate } from '../reflection/prompt.ts';
import { unknownOptions } from './option-names.ts';
import type { AdapterOptions, FunctionOptions, OptimizeOptions } from './options.ts';

/** Everything that is wrong with the options, a sentence each. `needsReserve`: whether a bound on costs is to be kept. */
export function problemsOf<Example, Output, Trace, Name extends string>(
  options: OptimizeOptions<Example, Output, Trace, Name>,
  needsReserve: boolean,
): string[] {
  if (typeof options !== 'object' || options === null) return ['The options must be an object.'];
  const { problems, sound } = checkShape(options);
  return [...problems, ...meaningProblems(options, sound, needsReserve)];
}

const optional = <T extends z.ZodType>(type: T) => type.optional();
const count = z.number().int('must be a whole number').min(1, 'must be 1 or more');
const positive = z.number().positive('must be more than 0');
const aFunction = z.custom<unknown>((value) => typeof value === 'function', 'must be a function');
const flag = z.boolean();
const list = z.array(z.unknown());
const has = (value: unknown, method: string) =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Record<string, unknown>)[method] === 'function';

/** A strategy by name, as a function, or as an object with a certain method. */
function strategy(
  names: readonly string[],
  own: { method?: string; function?: boolean; sizes?: readonly (readonly string[])[] },
) {
  const isOwn = (value: unknown) =>
    (own.method !== undefined && has(value, own.method)) ||
    (own.function === true && typeof value === 'function') ||
    (own.sizes ?? []).some((keys) => {
      const given = value as Record<string, unknown> | null;
      return (
        typeof given === 'object' &&
        given !== null &&
        Object.keys(given).length === keys.length &&
        keys.every((key) => count.safeParse(given[key]).success)
      );
    });
  const choices = [
    ...names.map((name) => `'${name}'`),
    ...(own.sizes ?? []).map((keys) => `{ ${keys.map((key) => `${key}: n`).join(', ')} }`),
    ...(own.function ? ['a function'] : []),
    ...(own.method === undefined ? [] : [`an object with ${own.method}()`]),
  ];
  return z.custom<unknown>(
    (value) => (typeof value === 'string' && names.includes(value)) || isOwn(value),
    `is no known strategy; use ${choices.join(', ')}`,
  );
}

const components = z.record(z.string(), z.looseObject({ text: z.string() }));

const dollars = z.number().min(0, 'must be 0 or more');

const reserve = z.strictObject({
  tokens: optional(z.number().int('must be a whole number').min(0, 'must be 0 or more')),
  costUsd: optional(dollars),
});

const price = z.strictObject({
  input: dollars,
  cachedInput: optional(dollars),
  cacheWrite: optional(dollars),
  output: dollars,
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
  candidateSelectionStrategy: optional(
    strategy(['pareto', 'current_best', 'epsilon_greedy', 'top_k_pareto'], { method: 'select' }),
  ),
  componentSelector: optional(strategy(['round_robin', 'all'], { function: true, method: 'select' })),
  batchSampler: optional(strategy(['epoch_shuffled'], { method: 'next' })),
  samplingStrategy: optional(
    strategy(['single'], {
      method: 'sample',
      sizes: [['parents', 'mutations'], ['independent'], ['sameParent']],
    }),
  ),
  acceptanceCriterion: optional(strategy(['strict_improvement', 'improvement_or_equal'], { function: true })),
  selectionStrategy: optional(strategy(['all', 'best'], { function: true, sizes: [['topK']] })),
  valEvaluationPolicy: optional(strategy(['full_eval'], { method: 'next' })),
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

/** The problems of single options, and the options that have none. */
function checkShape<Options extends object>(
  options: Options,
): { problems: string[]; sound: Partial<Options> } {
  const unknown = unknownOptions(options, Object.keys(shape));
  const parsed = schema.safeParse(options);
  const issues = parsed.error?.issues ?? [];
  const wrong = issues.map((issue) => {
    const { path, message, code } = issue;
    const [name, ...rest] = path;
    if (code === 'unrecognized_keys') {
      return `There is no option ${issue.keys.map((key) => `"${[...path, key].join('.')}"`).join(' or ')}.`;
    }
    const value = (options as Record<string, unknown>)[String(name)];
    if (value === undefined) return `The option "${String(name)}" is missing.`;
    const where = [String(name), ...rest.map(String)].join('.');
    const shown = typeof value === 'object' || typeof value === 'function' ? '' : ` (got ${shownOf(value)})`;
    return `The option "${where}" ${code === 'custom' || message.startsWith('is ') || message.startsWith('must ') ? message : `is wrong: ${message}`}${shown}.`;
  });
  const bad = new Set(issues.map(({ path }) => path[0]));
  const sound = Object.entries(options).filter(([name, value]) => value !== undefined && !bad.has(name));
  return { problems: [...unknown, ...wrong], sound: Object.fromEntries(sound) as Partial<Options> };
}

/** JSON knows no `NaN` and no `Infinity`. */
const shownOf = (value: unknown) => (typeof value === 'number' ? String(value) : JSON.stringify(value));

/** What single options do not show. `given` may hold options that have a problem already; `sound` has none. */
function* meaningProblems<Example, Output, Trace, Name extends string>(
  given: OptimizeOptions<Example, Output, Trace, Name>,
  sound: Partial<
    AdapterOptions<Example, Output, Trace, Name> & FunctionOptions<Example, Output, Trace, Name>
  >,
  needsReserve: boolean,
): Generator<string> {
  yield* programProblems(given, sound);
  const isGiven = (name: keyof typeof sound) => (given as typeof sound)[name] !== undefined;
  if (!isGiven('reflectionModel') && !isGiven('propose') && sound.adapter?.propose === undefined) {
    yield 'Give a `reflectionModel`, or a proposer of your own as `propose`.';
  }
  if (isGiven('reflectionModel') && isGiven('propose')) {
    yield 'Give either `reflectionModel` or `propose`, not both.';
  }
  if (isGiven('auto') && isGiven('maxMetricCalls')) {
    yield 'Give either `auto` or `maxMetricCalls`, not both.';
  }
  const bounds = [
    'maxMetricCalls',
    'auto',
    'maxIterations',
    'maxCostUsd',
    'maxTokens',
    'maxDurationMs',
    'signal',
  ] as const;
  const conditions = sound.stopConditions ?? [];
  if (!bounds.some(isGiven) && conditions.length === 0) {
    yield 'The run has no bound: give `maxMetricCalls` or `auto`, `maxIterations`, `maxCostUsd`, `maxTokens`, `maxDurationMs`, `stopConditions` or `signal`.';
  }
  yield* reserveProblems(given, sound, needsReserve);
  const { trainset, valset = trainset, testset = [], maxMetricCalls } = sound;
  const needed = (valset?.length ?? 0) + 2 * testset.length;
  if (valset !== undefined && maxMetricCalls !== undefined && maxMetricCalls < needed) {
    const test = testset.length === 0 ? '' : ` and 2 × ${testset.length} for the testset`;
    yield `maxMetricCalls is ${maxMetricCalls}, but scoring the seed takes ${valset.length} calls for the valset${test}: give at least ${needed}, and more to search.`;
  }
}

/**
 * What is to be set aside for calls must be known, or a bound could be crossed; and a reserve that no bound can grant
 * would end the run before it began.
 */
function* reserveProblems<Example, Output, Trace, Name extends string>(
  given: OptimizeOptions<Example, Output, Trace, Name>,
  sound: Partial<
    AdapterOptions<Example, Output, Trace, Name> & FunctionOptions<Example, Output, Trace, Name>
  >,
  needsReserve: boolean,
): Generator<string> {
  const { maxCostUsd, maxTokens, reserve = {}, reflectionModel } = sound;
  const bounds = [
    { bound: 'maxCostUsd', limit: maxCostUsd, of: 'costUsd' },
    { bound: 'maxTokens', limit: maxTokens, of: 'tokens' },
  ] as const;
  const program = sound.adapter ?? sound;
  const calls = [
    { call: 'rollout', metersCalls: program.metersCalls === true, who: 'run()' },
    {
      call: 'reflection',
      metersCalls: reflectionModel === undefined || reflectionModel.metersCalls === true,
      who: 'the reflectionModel',
    },
  ] as const;
  for (const { call, metersCalls, who } of calls) {
    const told = reserve[call] ?? {};
    const isTold = told.costUsd !== undefined || told.tokens !== undefined;
    for (const { bound, limit, of } of bounds) {
      if (limit === undefined || (given as typeof sound).reserve !== sound.reserve) continue;
      const most = told[of];
      if (most === undefined && needsReserve && (isTold || !metersCalls)) {
        const why = isTold
          ? `reserve.${call} says nothing of ${of}`
          : `${who} does not tell of its model calls before they are made`;
        yield `${bound} is set, but ${why}: say in reserve.${call}.${of} what a ${call} can take at most. \`estimate\` says what one is likely to take.`;
      } else if (most !== undefined && most > limit) {
        yield `reserve.${call}.${of} is ${most}, more than ${bound} (${limit}): nothing could start.`;
      }
    }
  }
}

function* programProblems<Example, Output, Trace, Name extends string>(
  given: OptimizeOptions<Example, Output, Trace, Name>,
  sound: Partial<
    AdapterOptions<Example, Output, Trace, Name> & FunctionOptions<Example, Output, Trace, Name>
  >,
): Generator<string> {
  const { adapter, seedCandidate, run } = given as Partial<typeof sound>;
  if (adapter !== undefined && (seedCandidate !== undefined || run !== undefined)) {
    yield 'Give either `adapter` or `seedCandidate` with `run`, not both.';
  } else if (adapter === undefined && (seedCandidate === undefined || run === undefined)) {
    yield 'Give an `adapter`, or both `seedCandidate` and `run`.';
  }
  const components = sound.adapter?.components ?? sound.seedCandidate;
  if (components === undefined) return;
  const names = Object.keys(components);
  if (names.length === 0) yield 'The program has no components: there is no text to optimize.';

  const templates = sound.reflectionPromptTemplate ?? {};
  for (const [name, template] of Object.entries<string | undefined>(
    typeof templates === 'string' ? { '': templates } : templates,
  )) {
    if (name !== '' && !names.includes(name)) {
      yield `reflectionPromptTemplate names the component "${name}"; there are ${names.join(', ')}.`;
    }
    const problem = template === undefined ? undefined : validateTemplate(template);
    if (problem !== undefined) yield problem;
  }
}
