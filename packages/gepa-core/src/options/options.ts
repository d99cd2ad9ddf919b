import type { Adapter, Execution, ProposeRequest, RunContext } from '../adapter/adapter.ts';
import type { ReserveOptions } from '../budget/budget-options.ts';
import type { Price } from '../budget/usage.ts';
import type { RetryOptions } from '../calls/retry.ts';
import type { Candidate, Component } from '../component.ts';
import type { Listener } from '../events.ts';
import type { LanguageModel } from '../language-model.ts';
import type { Metric } from '../metric.ts';
import type { TextLimits } from '../reflection/answer/text-limits.ts';
import type { Knowledge } from '../reflection/knowledge.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';
import type { GivenCandidate } from '../saved/given-candidate.ts';
import type { FrontierType } from '../search/state/search-view.ts';
import type { StopCondition } from '../search/strategies/stop-conditions.ts';
import type { StrategyOptions } from '../search/strategies/strategies.ts';
import type { AutoBudget } from './auto-budget.ts';

/**
 * How the search spends its metric calls: a preset of the strategy options, each of which can still be set. `'adaptive'`
 * compares candidates on a part of the valset that grows when necessary, so that most calls go to proposals.
 * `'reference'` decides as the Python reference does and scores every candidate on the whole valset.
 */
export type SearchPreset = 'adaptive' | 'reference';

/** Unlike `Partial`, it allows `undefined` in projects with `exactOptionalPropertyTypes`. */
type OptionalFields<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

/**
 * The options of a run. At least one limit is required: `maxMetricCalls` or `auto`, `maxIterations`, `maxCostUsd`,
 * `maxTokens`, `maxDurationMs`, `stopConditions` or `signal`.
 */
export interface SearchOptions<Example, Output, Trace, Name extends string, Model = LanguageModel>
  extends OptionalFields<StrategyOptions<NoInfer<Name>>>,
    Knowledge<NoInfer<Name>>,
    TextLimits<NoInfer<Name>> {
  /** The examples from which minibatches are drawn. */
  readonly trainset: readonly Example[];
  /** The examples on which candidates are compared. Default: the trainset, with a warning. */
  readonly valset?: readonly Example[] | undefined;
  /** Held-out examples: the seed and the best candidate are scored on them at the end, within the limits. Default: none. */
  readonly testset?: readonly Example[] | undefined;
  /**
   * Candidates that join the pool beside the program's own texts: texts of all components, saved candidates, or paths of
   * their files. Each is checked before the start, and scored on the valset like a new candidate. Default: none.
   */
  readonly seedCandidates?: readonly GivenCandidate<NoInfer<Name>>[] | undefined;
  /**
   * The directory of an earlier run of the program (see `runDir`), which is not changed. Its best candidates join the
   * pool, at most five. Its rollouts of the same texts on the same examples are not repeated, if the program and the metric
   * are the same. Reflections see the texts that it tried. The examples may differ. Default: none.
   */
  readonly continueFrom?: string | undefined;
  /**
   * Which candidate to return when the testset scores the best candidate lower than the seed: the seed, or still the best
   * candidate. Applies to `bestCandidate`, `compiled.program` and `save`. Default `'useSeed'`.
   */
  readonly onRegression?: 'useSeed' | 'keepBest' | undefined;
  /** Scores a rollout; higher is better. May return textual feedback and objectives. */
  readonly metric: Metric<Example, Output, Trace, NoInfer<Name>>;
  /** The model that reads records of rollouts and rewrites components. */
  readonly reflectionModel?: Model | undefined;
  /** A custom proposer, instead of `reflectionModel`. */
  readonly propose?: ((request: ProposeRequest<Name>) => Promise<Partial<Record<Name, string>>>) | undefined;
  /**
   * A custom reflection prompt, for all components or by name. It must contain `<curr_param>`, which is replaced by the
   * current text, and `<side_info>`, which is replaced by the records. With `<answer_info>` it can ask for several
   * components in one call. Other slots: `<component_info>`, `<guidance_info>`, `<call_info>`, `<learned_info>`,
   * `<history_info>`, `<program_info>`, `<scores_info>`, `<background_info>`, `<objective_info>`, `<reader_info>`,
   * `<rules_info>`.
   */
  readonly reflectionPromptTemplate?: string | Partial<Record<Name, string>> | undefined;
  /**
   * The maximum number of characters of records in one reflection prompt, at least 600. Longer records are shortened:
   * repeated and old turns first. Default 24,000, about 6,000 tokens.
   */
  readonly maxRecordCharacters?: number | undefined;
  /**
   * A preset for `candidateSelectionStrategy`, `batchSampler`, `componentSelector` and `valEvaluationPolicy`: the adaptive
   * search of this package, or that of the Python reference. Default `'adaptive'`.
   */
  readonly search?: SearchPreset | undefined;
  /**
   * The number of proposals per iteration, made and tested concurrently. More of them end a run sooner, but cannot learn
   * from each other. `'auto'` leaves about 25 iterations, with at most 8 proposals each. Each proposal has its own parent
   * and minibatch; `samplingStrategy` can share parents. Default 1.
   */
  readonly parallelProposals?: number | 'auto' | undefined;
  /** The keys of the Pareto frontier: valset examples, objectives, both, or every pair of the two. Default `'instance'`. */
  readonly frontierType?: FrontierType | undefined;
  /** The number of examples in a minibatch. Default 3. */
  readonly reflectionMinibatchSize?: number | undefined;
  /** Whether to skip a minibatch on which every score of the parent is perfect. Default `true`. */
  readonly skipPerfectScore?: boolean | undefined;
  /** The score from which a rollout counts as perfect. Default 1. */
  readonly perfectScore?: number | undefined;
  /** The score of a rollout whose program or metric threw. Default 0. */
  readonly failureScore?: number | undefined;
  /** Whether to merge candidates of different lineages (system-aware merge). Default `false`. */
  readonly useMerge?: boolean | undefined;
  /** The maximum number of accepted merges. Default 5. */
  readonly maxMergeInvocations?: number | undefined;
  /** The minimum number of valset examples on which both parents of a merge are scored. Default 5. */
  readonly mergeValOverlapFloor?: number | undefined;
  /**
   * Whether a candidate's rollout on an example is used again instead of made again, by default `true`. The adaptive search
   * still makes further rollouts of a pair once the valset is used up, to reduce the noise of the scores.
   */
  readonly cacheEvaluation?: boolean | undefined;
  /** Whether to reject a proposal that equals a known candidate without a rollout. Default `true`. */
  readonly skipDuplicates?: boolean | undefined;
  /** The maximum number of metric calls (scored rollouts), testset included. Never exceeded. */
  readonly maxMetricCalls?: number | undefined;
  /** Sets `maxMetricCalls` by the formula of `dspy.GEPA`, plus the metric calls of the testset. */
  readonly auto?: AutoBudget | undefined;
  /** The maximum number of iterations. */
  readonly maxIterations?: number | undefined;
  /**
   * The maximum cost of program, judge and reflection in US dollars. Never exceeded. Requires usage with costs or with
   * names of models whose price is known (see `prices`), and the maximum of each call (see `reserve`).
   */
  readonly maxCostUsd?: number | undefined;
  /**
   * The maximum number of input and output tokens of program, judge and reflection. Never exceeded. Requires usage with
   * tokens, and the maximum of each call (see `reserve`).
   */
  readonly maxTokens?: number | undefined;
  /**
   * The maximum tokens and US dollars of one attempt of a rollout (its judge included) and of a reflection. This amount
   * is reserved before an attempt starts, and an attempt waits while it does not fit. Required with `maxCostUsd` or
   * `maxTokens` unless every model call is reported through the meter (see `CallMeter`), as the framework packages do.
   * `outputTokens` is the maximum output of metered model calls that have no limit of their own.
   */
  readonly reserve?: ReserveOptions | undefined;
  /**
   * US dollars per million tokens, by model name. Takes precedence over the price catalogue. A name without a provider
   * (`openai/…`) or a date (`…-2025-04-14`) also applies to names with one, and the reverse.
   */
  readonly prices?: Readonly<Record<string, Price>> | undefined;
  /** The maximum duration in milliseconds. Calls that are still running then are aborted. */
  readonly maxDurationMs?: number | undefined;
  /** Called before each iteration; the first reason that one of them returns ends the run. */
  readonly stopConditions?: readonly StopCondition[] | undefined;
  /** Ends the run at once when aborted. The result contains what was found so far. */
  readonly signal?: AbortSignal | undefined;
  /** The maximum number of concurrent rollouts. Default 8. */
  readonly concurrency?: number | undefined;
  /**
   * Where the rollouts are made: `bullmq(…)` of `gepa-core/bullmq` makes them in worker processes. Search, journal, budget
   * and events stay in this process. Default: in this process.
   */
  readonly rollouts?: Rollouts | undefined;
  /** The maximum number of concurrent calls of the reflection model or proposer. Default 8. */
  readonly reflectionConcurrency?: number | undefined;
  /** How transient failures are retried. Default: 8 retries, over about two minutes. */
  readonly retry?: RetryOptions | undefined;
  /**
   * The timeout in milliseconds of each run of the program, of the metric, and of each call of the reflection model. A
   * timeout is retried, not scored. Default 300,000.
   */
  readonly rolloutTimeoutMs?: number | undefined;
  /**
   * The directory of the journal, to which every paid call is written at once. The same call of `optimize` resumes the
   * run without repeating these calls. Limits and models may differ between sessions; another program, other examples,
   * another seed or strategy throw `RunDirectoryMismatchError`. Default: no journal.
   */
  readonly runDir?: string | undefined;
  /**
   * The file for a report of the run, which is written when the run ends: one HTML page that opens from disk. Without
   * `runDir` it has no inputs, outputs and prompts. Default: no report.
   */
  readonly report?: string | undefined;
  /**
   * Masks texts of rollouts (inputs, outputs, traces, feedback, errors), one by one, before the reflection model or
   * `runDir` receives them, and messages of events. API keys are masked without it. Texts of candidates and answers of
   * the model stay unchanged. Default: no masking.
   */
  readonly redact?: ((text: string) => string) | undefined;
  /** The seed of all random draws. Default 0. */
  readonly seed?: number | undefined;
  /** Receives a copy of every event, in order. */
  readonly onEvent?: Listener<Name> | undefined;
  /** Whether to show progress on stderr: a live line on a terminal, occasional plain lines elsewhere. Default `false`. */
  readonly progress?: boolean | undefined;
}

/** The options of a run with an adapter. */
export interface AdapterOptions<Example, Output, Trace, Name extends string>
  extends SearchOptions<Example, Output, Trace, Name> {
  /** Runs the program with a candidate. */
  readonly adapter: Adapter<Example, Output, Trace, Name>;
}

/** The options of a run in its short form: a seed candidate and a function that runs the program. */
export interface FunctionOptions<Example, Output, Trace, Name extends string>
  extends SearchOptions<Example, Output, Trace, Name> {
  /** The initial texts by component name. Use a `Component` to add constraints to a text. */
  readonly seedCandidate: Readonly<Record<Name, string | Component>>;
  /** Runs the program with a candidate on one example, like the `run` of an `Adapter`. */
  readonly run: (
    candidate: Candidate<Name>,
    example: Example,
    context: RunContext,
  ) => Execution<Output, Trace> | Promise<Execution<Output, Trace>>;
  /** Whether `run` calls `context.meter.begin()` before every model call. Default `false`. */
  readonly metersCalls?: boolean | undefined;
}

/** The options of `optimize`. */
export type OptimizeOptions<Example, Output, Trace, Name extends string> =
  | AdapterOptions<Example, Output, Trace, Name>
  | FunctionOptions<Example, Output, Trace, Name>;
