import type { AnyAdapter } from '../adapter/any.ts';
import { checkPrices, PriceBook } from '../budget/prices.ts';
import { type Candidate, type Component, componentNames, definedOnly, recordOf } from '../component.ts';
import { EarlierRun } from '../continue/earlier-run.ts';
import { CandidateMismatchError, OptionsError } from '../errors.ts';
import { withAbsoluteRunDir } from '../journal/absolute-run-dir.ts';
import { metricDigest, programIdentityOf } from '../journal/fingerprint.ts';
import type { LanguageModel } from '../language-model.ts';
import { createMask, type Mask } from '../masking/mask.ts';
import { environmentSecrets } from '../masking/secrets.ts';
import { builtin } from '../node/builtin.ts';
import { givenTexts } from '../saved/given-candidate.ts';
import { checkCandidate } from '../saved/saved-candidate.ts';
import type { StrategyOptions } from '../search/strategies/strategies.ts';
import { autoBudget } from './auto-budget.ts';
import { type AnyOptions, checkEachOption } from './option-kinds.ts';
import type {
  AdapterOptions,
  FunctionOptions,
  OptimizeOptions,
  SearchOptions,
  SearchPreset,
} from './options.ts';
import { checkRules } from './rules.ts';

/** The strategies that each value of `search` stands for. */
export const presets = {
  adaptive: {
    candidateSelectionStrategy: 'leader_or_pareto',
    componentSelector: 'all',
    batchSampler: 'reuse_measured',
    valEvaluationPolicy: 'growing_part',
  },
  reference: {
    candidateSelectionStrategy: 'pareto',
    componentSelector: 'round_robin',
    batchSampler: 'epoch_shuffled',
    valEvaluationPolicy: 'full_eval',
  },
} as const satisfies Record<SearchPreset, Partial<StrategyOptions>>;

/** Defaults that do not depend on other options. */
export const defaults = {
  search: 'adaptive',
  ...presets.adaptive,
  samplingStrategy: 'single',
  acceptanceCriterion: 'strict_improvement',
  selectionStrategy: 'all',
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
  onRegression: 'useSeed',
  showExpected: false,
  concurrency: 8,
  reflectionConcurrency: 8,
  retry: {},
  rolloutTimeoutMs: 300_000,
  seed: 0,
} as const satisfies Partial<SearchOptions<never, never, never, never>>;

/** Validated options with every default filled in. */
export type Settings<Name extends string = string> = Omit<
  SearchOptions<unknown, unknown, unknown, Name>,
  'prices' | 'seedCandidates'
> &
  Required<
    Pick<SearchOptions<unknown, unknown, unknown, Name>, keyof typeof defaults | 'valset' | 'testset'>
  > & {
    readonly adapter: AnyAdapter<Name>;
    readonly prices: PriceBook;
    /** Whether `perfectScore` was given, and is not just the default. */
    readonly isScaleGiven: boolean;
    readonly mask: Mask;
    /** The candidates of the option, then those of the earlier run. */
    readonly seedCandidates: readonly Candidate<Name>[];
    readonly earlier: EarlierRun<Name> | undefined;
  };

/**
 * Validates the options and fills in the defaults. The types of examples, outputs and traces end here: see `AnyAdapter`.
 *
 * @param needsReserve Whether limits on tokens and dollars require that the maximum of each call is known. Default `true`.
 * @throws {OptionsError} with every problem.
 */
export async function resolveOptions<Example, Output, Trace, Name extends string>(
  given: OptimizeOptions<Example, Output, Trace, Name>,
  { needsReserve = true }: { readonly needsReserve?: boolean } = {},
): Promise<Settings<Name>> {
  // A copy, in which inherited options are own ones.
  const options = checkOptions(given, needsReserve) as OptimizeOptions<unknown, unknown, unknown, Name>;

  const { runDir, continueFrom } = withAbsoluteRunDir<{ runDir?: string; continueFrom?: string }>(options);
  const adapter = isAdapterForm(options) ? options.adapter : adapterOf(options);
  // Copies: the caller may change the lists during the run.
  const trainset = [...options.trainset];
  const valset =
    options.valset === undefined || options.valset === options.trainset ? trainset : [...options.valset];
  const testset = [...(options.testset ?? [])];
  const prices = new PriceBook(options.prices);
  // With the sizes of context windows, which bound the calls.
  if (options.maxCostUsd !== undefined || options.maxTokens !== undefined) await prices.load();
  if (options.maxCostUsd !== undefined) {
    checkPrices(knownModels(adapter, options.reflectionModel), prices.priceOf);
  }
  const maxMetricCalls =
    options.auto === undefined
      ? options.maxMetricCalls
      : autoBudget(options.auto, {
          components: Object.keys(adapter.components).length,
          valset: valset.length,
        }) +
        2 * testset.length;
  const mask = createMask({
    secrets: [
      ...(adapter.secrets ?? []),
      ...(options.reflectionModel?.secrets ?? []),
      ...environmentSecrets(),
    ],
    redact: options.redact,
  });
  const keyProblems = keysInComponents(adapter.components, mask);
  if (keyProblems.length > 0) throw new OptionsError(keyProblems);
  return {
    ...defaults,
    ...presets[options.search ?? defaults.search],
    ...(options.parallelProposals === undefined
      ? {}
      : { samplingStrategy: { parents: options.parallelProposals, mutations: 1 } }),
    ...definedOnly(options),
    maxMetricCalls,
    runDir,
    continueFrom,
    ...(await startOf(adapter, { ...options, continueFrom })),
    report: options.report && builtin('node:path', 'leave `report` out.').resolve(options.report),
    adapter,
    prices,
    isScaleGiven: options.perfectScore !== undefined,
    mask,
    trainset,
    valset,
    testset,
  };
}

/** Refuses keys in components: texts and names of components are written to prompts and files unmasked. */
function keysInComponents(components: Readonly<Record<string, Component>>, { name: masked }: Mask): string[] {
  return Object.entries(components).flatMap(([name, { text }]) => {
    if (masked(name) !== name)
      return [`The component name "${masked(name)}" contains an API key. Rename it.`];
    return masked(text) === text
      ? []
      : [
          `The text of ${masked(name)} contains an API key of this program. Take it out: texts are sent to models and saved.`,
        ];
  });
}

/** The candidates that join the pool after the seed, and the earlier run. */
async function startOf<Name extends string>(
  adapter: AnyAdapter<Name>,
  {
    seedCandidates = [],
    continueFrom,
    metric,
  }: {
    readonly seedCandidates?: SearchOptions<unknown, unknown, unknown, Name>['seedCandidates'];
    readonly continueFrom: string | undefined;
    readonly metric: unknown;
  },
): Promise<Pick<Settings<Name>, 'seedCandidates' | 'earlier'>> {
  const { components } = adapter;
  if (seedCandidates.length === 0 && continueFrom === undefined)
    return { seedCandidates: [], earlier: undefined };
  const earlier =
    continueFrom === undefined
      ? undefined
      : new EarlierRun<Name>(continueFrom, componentNames(components), {
          program: programIdentityOf({ adapter }),
          metric: metricDigest(metric),
        });
  const given = seedCandidates.map((candidate) => givenTexts(components, candidate));
  try {
    const found = (earlier?.candidates ?? []).map((candidate) => checkCandidate(components, candidate));
    return { seedCandidates: [...given, ...found], earlier };
  } catch (error) {
    // The caller did not give these candidates.
    if (CandidateMismatchError.isInstance(error)) {
      error.message = `The earlier run in ${continueFrom} cannot be continued: ${error.message}`;
    }
    throw error;
  }
}

/** Why a run would refuse options that an estimate accepts: a limit on spend without the maximum of every call. */
export function reserveProblems(options: object): string[] {
  const { valid } = checkEachOption(options);
  return [...checkRules(options as AnyOptions, valid, { needsReserve: true })];
}

/** @throws {OptionsError} with every problem. */
function checkOptions(options: object, needsReserve: boolean): AnyOptions {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError(['The options must be an object.']);
  }
  const { problems, valid } = checkEachOption(options);
  const all = [...problems, ...checkRules(options as AnyOptions, valid, { needsReserve })];
  if (all.length > 0) throw new OptionsError(all);
  return valid;
}

/** The names of models that are known before the start. */
function knownModels(
  { models = [] }: { readonly models?: readonly string[] },
  reflectionModel: LanguageModel | undefined,
): string[] {
  return [...models, ...(reflectionModel?.modelName === undefined ? [] : [reflectionModel.modelName])];
}

function isAdapterForm<Name extends string>(
  options: OptimizeOptions<unknown, unknown, unknown, Name>,
): options is AdapterOptions<unknown, unknown, unknown, Name> {
  return 'adapter' in options && options.adapter !== undefined;
}

function adapterOf<Name extends string>({
  seedCandidate,
  run,
  metersCalls = false,
}: FunctionOptions<unknown, unknown, unknown, Name>): AnyAdapter<Name> {
  const components = recordOf(Object.keys(seedCandidate) as Name[], (name): Component => {
    const text: string | Component = seedCandidate[name];
    return typeof text === 'string' ? { text } : text;
  });
  return { components, metersCalls, run: run as AnyAdapter<Name>['run'] };
}
