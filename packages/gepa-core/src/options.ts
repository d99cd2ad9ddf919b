import leven from 'leven';
import { z } from 'zod/v4';
import type { Adapter, Execution, ProposeRequest, RunContext } from './adapter.ts';
import { type AutoBudget, autoBudget } from './auto-budget.ts';
import type { Candidate, Component } from './component.ts';
import type { RetryOptions } from './engine/retry.ts';
import { OptionsError } from './errors.ts';
import type { Listener } from './events.ts';
import type { LanguageModel } from './language-model.ts';
import type { Metric } from './metric.ts';
import { validateTemplate } from './reflection/prompt.ts';
import type { FrontierType } from './search-view.ts';
import type { StopCondition } from './strategies/stop-conditions.ts';
import type { StrategyOptions } from './strategies/strategies.ts';
import type { Price } from './usage.ts';

/**
 * What a run may be told. At least one bound is required: `maxMetricCalls` or `auto`, `maxIterations`,
 * `maxCostUsd`, `maxDurationMs`, `stopConditions` or `signal`.
 */
export interface SearchOptions<Example, Output, Trace, Name extends string, Model = LanguageModel>
  extends Partial<StrategyOptions<NoInfer<Name>>> {
  /** The examples minibatches are drawn from. */
  readonly trainset: readonly Example[];
  /** The examples that candidates are compared on. Default: the trainset, with a warning. */
  readonly valset?: readonly Example[];
  /** Held-out examples: the seed and the best candidate are scored on them at the end, within `maxMetricCalls`. */
  readonly testset?: readonly Example[];
  readonly metric: Metric<Example, Output, Trace>;
  /** The model that reads the records and rewrites components. */
  readonly reflectionModel?: Model;
  /** A proposer of your own in place of `reflectionModel`. */
  readonly propose?: (request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>;
  /**
   * A reflection prompt of your own, for all components or by name, with `<curr_param>` where the current text goes
   * and `<side_info>` where the records go.
   */
  readonly reflectionPromptTemplate?: string | Partial<Record<Name, string>>;
  /** How many characters of records one reflection may show. Default 24,000. */
  readonly maxRecordCharacters?: number;
  /** What the Pareto front keeps the best candidates of. Default `'instance'`. */
  readonly frontierType?: FrontierType;
  /** Examples in a minibatch. Default 3. */
  readonly reflectionMinibatchSize?: number;
  /** Whether a minibatch on which the parent is perfect is passed over. Default `true`. */
  readonly skipPerfectScore?: boolean;
  /** Default 1. */
  readonly perfectScore?: number;
  /** The score of a rollout that threw. Default 0. */
  readonly failureScore?: number;
  /** Whether lineages are crossed (system-aware merge). Default `false`. */
  readonly useMerge?: boolean;
  /** The most merges that may be accepted. Default 5. */
  readonly maxMergeInvocations?: number;
  /** The fewest valset examples both parents of a merge must be scored on. Default 5. */
  readonly mergeValOverlapFloor?: number;
  /** Whether a pair of candidate and example is run only once. Default `true`. */
  readonly cacheEvaluation?: boolean;
  /** Whether a proposal equal to a known candidate is rejected without a rollout. Default `true`. */
  readonly skipDuplicates?: boolean;
  /** The most scored rollouts, testset included. Never exceeded. */
  readonly maxMetricCalls?: number;
  /** Sets `maxMetricCalls` by the formula of `dspy.GEPA`; the calls of a testset come on top. */
  readonly auto?: AutoBudget;
  readonly maxIterations?: number;
  /** The most US dollars for program, judge and reflection. Needs usage with costs, or `prices`. */
  readonly maxCostUsd?: number;
  /** US dollars per million tokens, by model name. */
  readonly prices?: Readonly<Record<string, Price>>;
  /** The most milliseconds; what still runs then is aborted. */
  readonly maxDurationMs?: number;
  /** Asked before each iteration; any of them ends the run. */
  readonly stopConditions?: readonly StopCondition[];
  /** Ends the run within a moment; the result holds what was found. */
  readonly signal?: AbortSignal;
  /** The most rollouts at once. Default 8. */
  readonly concurrency?: number;
  readonly retry?: RetryOptions;
  /**
   * The most milliseconds for one run of the program, of the metric, and for one call of the reflection model; default
   * 300,000. What is out of time is tried again, not scored.
   */
  readonly rolloutTimeoutMs?: number;
  /** Fixes every draw of the search. Default 0. */
  readonly seed?: number;
  /** Told of every event, in order. */
  readonly onEvent?: Listener<Name>;
  /** Shows a live line on the terminal, or plain lines now and then where there is none. Default `false`. */
  readonly progress?: boolean;
}

/** `optimize` with an adapter. */
export interface AdapterOptions<Example, Output, Trace, Name extends string>
  extends SearchOptions<Example, Output, Trace, Name> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
}

/** `optimize` in its short form: some texts, and a function that runs them. */
export interface FunctionOptions<Example, Output, Trace, Name extends string>
  extends SearchOptions<Example, Output, Trace, Name> {
  /** The texts to start from, by name; a `Component` where there is more to say than the text. */
  readonly seedCandidate: Readonly<Record<Name, string | Component>>;
  readonly run: (
    candidate: Candidate<Name>,
    example: Example,
    context: RunContext,
  ) => Execution<Output, Trace> | Promise<Execution<Output, Trace>>;
}

export type OptimizeOptions<Example, Output, Trace, Name extends string> =
  | AdapterOptions<Example, Output, Trace, Name>
  | FunctionOptions<Example, Output, Trace, Name>;

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
  evaluationPolicy: optional(strategy(['full'], { method: 'next' })),
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
  prices: optional(z.record(z.string(), z.object({ input: z.number().min(0), output: z.number().min(0) }))),
  maxDurationMs: optional(positive),
  stopConditions: optional(z.array(aFunction)),
  signal: optional(z.custom<unknown>((value) => value instanceof AbortSignal, 'must be an AbortSignal')),
  concurrency: optional(count),
  retry: optional(
    z.strictObject({
      retries: optional(z.number().int().min(0)),
      minDelayMs: optional(z.number().min(0)),
      maxDelayMs: optional(z.number().min(0)),
    }),
  ),
  rolloutTimeoutMs: optional(positive),
  seed: optional(z.number().int('must be a whole number')),
  onEvent: optional(aFunction),
  progress: optional(flag),
} satisfies Record<keyof (AdapterOptions<0, 0, 0, ''> & FunctionOptions<0, 0, 0, ''>), z.ZodType>;

const schema = z.object(shape);

/** Options with every default filled in. */
export type Settings<Example, Output, Trace, Name extends string> = SearchOptions<
  Example,
  Output,
  Trace,
  Name
> &
  Required<
    Pick<
      SearchOptions<Example, Output, Trace, Name>,
      | keyof StrategyOptions<Name>
      | 'frontierType'
      | 'reflectionMinibatchSize'
      | 'skipPerfectScore'
      | 'perfectScore'
      | 'failureScore'
      | 'useMerge'
      | 'maxMergeInvocations'
      | 'mergeValOverlapFloor'
      | 'cacheEvaluation'
      | 'skipDuplicates'
      | 'concurrency'
      | 'retry'
      | 'rolloutTimeoutMs'
      | 'seed'
      | 'valset'
      | 'testset'
    >
  > & { readonly adapter: Adapter<Example, Output, Trace, Name> };

/** Refuses what cannot be run, with every problem in one error; fills in the defaults. */
export function resolveOptions<Example, Output, Trace, Name extends string>(
  options: OptimizeOptions<Example, Output, Trace, Name>,
): Settings<Example, Output, Trace, Name> {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError(['The options must be an object.']);
  }
  const { problems, sound } = checkShape(options);
  problems.push(...meaningProblems(options, sound));
  if (problems.length > 0) throw new OptionsError(problems);

  const adapter = isAdapterForm(options) ? options.adapter : adapterOf(options);
  const { trainset, valset = trainset, testset = [] } = options;
  const maxMetricCalls =
    options.auto === undefined
      ? options.maxMetricCalls
      : autoBudget(options.auto, {
          components: Object.keys(adapter.components).length,
          valset: valset.length,
        }) +
        2 * testset.length;
  return {
    candidateSelectionStrategy: 'pareto',
    componentSelector: 'round_robin',
    batchSampler: 'epoch_shuffled',
    samplingStrategy: 'single',
    acceptanceCriterion: 'strict_improvement',
    selectionStrategy: 'all',
    evaluationPolicy: 'full',
    frontierType: 'instance',
    reflectionMinibatchSize: 3,
    skipPerfectScore: true,
    perfectScore: 1,
    failureScore: 0,
    useMerge: false,
    maxMergeInvocations: 5,
    mergeValOverlapFloor: 5,
    cacheEvaluation: true,
    skipDuplicates: true,
    concurrency: 8,
    retry: {},
    rolloutTimeoutMs: 300_000,
    seed: 0,
    ...definedOnly(options),
    ...(maxMetricCalls === undefined ? {} : { maxMetricCalls }),
    adapter,
    valset,
    testset,
  };
}

/** The problems of single options, and the options that have none. */
function checkShape<Options extends object>(
  options: Options,
): { problems: string[]; sound: Partial<Options> } {
  const unknown = Object.keys(options)
    .filter((key) => !Object.hasOwn(shape, key))
    .map((key) => `There is no option "${key}"${suggestion(key)}.`);
  const parsed = schema.safeParse(options);
  const issues = parsed.error?.issues ?? [];
  const wrong = issues.map(({ path, message, code }) => {
    const [name, ...rest] = path;
    const value = (options as Record<string, unknown>)[String(name)];
    if (value === undefined) return `The option "${String(name)}" is missing.`;
    const where = [String(name), ...rest.map(String)].join('.');
    const shown =
      typeof value === 'object' || typeof value === 'function' ? '' : ` (got ${JSON.stringify(value)})`;
    return `The option "${where}" ${code === 'custom' || message.startsWith('is ') || message.startsWith('must ') ? message : `is wrong: ${message}`}${shown}.`;
  });
  const bad = new Set(issues.map(({ path }) => path[0]));
  const sound = Object.entries(options).filter(([name, value]) => value !== undefined && !bad.has(name));
  return { problems: [...unknown, ...wrong], sound: Object.fromEntries(sound) as Partial<Options> };
}

/** What single options do not show. `given` may hold options that have a problem already; `sound` has none. */
function* meaningProblems<Example, Output, Trace, Name extends string>(
  given: OptimizeOptions<Example, Output, Trace, Name>,
  sound: Partial<
    AdapterOptions<Example, Output, Trace, Name> & FunctionOptions<Example, Output, Trace, Name>
  >,
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
    'maxDurationMs',
    'signal',
  ] as const;
  const conditions = sound.stopConditions ?? [];
  if (!bounds.some(isGiven) && conditions.length === 0) {
    yield 'The run has no bound: give `maxMetricCalls` or `auto`, `maxIterations`, `maxCostUsd`, `maxDurationMs`, `stopConditions` or `signal`.';
  }
  const { trainset, valset = trainset, testset = [], maxMetricCalls } = sound;
  const needed = (valset?.length ?? 0) + 2 * testset.length;
  if (valset !== undefined && maxMetricCalls !== undefined && maxMetricCalls < needed) {
    const test = testset.length === 0 ? '' : ` and 2 × ${testset.length} for the testset`;
    yield `maxMetricCalls is ${maxMetricCalls}, but scoring the seed takes ${valset.length} calls for the valset${test}: give at least ${needed}, and more to search.`;
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

function isAdapterForm<Example, Output, Trace, Name extends string>(
  options: OptimizeOptions<Example, Output, Trace, Name>,
): options is AdapterOptions<Example, Output, Trace, Name> {
  return 'adapter' in options && options.adapter !== undefined;
}

function adapterOf<Example, Output, Trace, Name extends string>({
  seedCandidate,
  run,
}: FunctionOptions<Example, Output, Trace, Name>): Adapter<Example, Output, Trace, Name> {
  const components = {} as Record<Name, Component>;
  for (const [name, text] of Object.entries<string | Component>(seedCandidate)) {
    components[name as Name] = typeof text === 'string' ? { text } : text;
  }
  // A function that is done at once is not made to wait; the engine takes both.
  return { components, run: run as Adapter<Example, Output, Trace, Name>['run'] };
}

function definedOnly<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** The known option that looks most like a mistyped one, snake case included. */
function suggestion(key: string): string {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const known = Object.keys(shape);
  const match =
    known.find((name) => plain(name) === plain(key)) ??
    known.find((name) => leven(plain(name), plain(key)) <= Math.min(3, Math.floor(key.length / 3)));
  return match === undefined ? '' : `; did you mean "${match}"`;
}
