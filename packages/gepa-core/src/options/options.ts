import type { Adapter, Execution, ProposeRequest, RunContext } from '../adapter/adapter.ts';
import type { ReserveOptions } from '../budget/budget.ts';
import type { Price } from '../budget/usage.ts';
import type { RetryOptions } from '../calls/retry.ts';
import type { Candidate, Component } from '../component.ts';
import type { Listener } from '../events.ts';
import type { LanguageModel } from '../language-model.ts';
import type { Metric } from '../metric.ts';
import type { FrontierType } from '../search/search-view.ts';
import type { StopCondition } from '../search/strategies/stop-conditions.ts';
import type { StrategyOptions } from '../search/strategies/strategies.ts';
import type { AutoBudget } from './auto-budget.ts';

/**
 * What a run may be told. At least one bound is required: `maxMetricCalls` or `auto`, `maxIterations`,
 * `maxCostUsd`, `maxTokens`, `maxDurationMs`, `stopConditions` or `signal`.
 */
export interface SearchOptions<Example, Output, Trace, Name extends string, Model = LanguageModel>
  extends Partial<StrategyOptions<NoInfer<Name>>> {
  /** The examples minibatches are drawn from. */
  readonly trainset: readonly Example[];
  /** The examples that candidates are compared on. Default: the trainset, with a warning. */
  readonly valset?: readonly Example[];
  /** Held-out examples: the seed and the best candidate are scored on them at the end, within the bounds. */
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
  /**
   * How many characters of records one reflection may show; as a rule of thumb, 4 are a token. Longer records lose
   * repeated and old turns first, and say so. At least 600. Default 24,000, about 6,000 tokens.
   */
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
  /**
   * The most US dollars for program, judge and reflection. Needs usage with costs, or with names of models whose price
   * is known (see `prices`), and word of what calls can cost at most (see `reserve`).
   */
  readonly maxCostUsd?: number;
  /**
   * The most tokens, sent and written, for program, judge and reflection. Needs usage with tokens, and word of what
   * calls can take at most (see `reserve`).
   */
  readonly maxTokens?: number;
  /**
   * What one rollout, its judge included, and one call of the reflection model can cost at most; a further try may cost
   * as much again. It is set aside before a try starts, so that `maxCostUsd` and `maxTokens` cannot be crossed; a try
   * for which there is no room waits until others have come to cost less. Needed under these bounds for what does not
   * tell of its model calls one by one (see `CallMeter`): those of the framework packages do, by the size of the request
   * and what the model may write at most (by `outputTokens`, where a call has no limit).
   */
  readonly reserve?: ReserveOptions;
  /**
   * US dollars per million tokens, by model name, for models the catalogue of prices does not know or knows otherwise.
   * A name without a provider (`openai/…`) or a date (`…-2025-04-14`) is good for those with one, and the reverse.
   */
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
  /**
   * A directory for the run. Everything that was paid for is written to it as it happens; the same call again takes the
   * run up where it ended, however it ended, and runs nothing twice. Bounds, limits and models may change; another
   * program, other examples, another seed or strategy are refused. See the page on long runs.
   */
  readonly runDir?: string;
  /**
   * Masks texts in what the reflection model is shown of rollouts (inputs, outputs, traces, feedback, errors), and on
   * their way to `runDir`, and in messages of events, text by text. API keys are masked without it. Candidates' texts and
   * the model's answers are not masked.
   */
  readonly redact?: (text: string) => string;
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
  /** As in an adapter: whether `run` tells `context.meter` of every model call. */
  readonly metersCalls?: boolean;
}

export type OptimizeOptions<Example, Output, Trace, Name extends string> =
  | AdapterOptions<Example, Output, Trace, Name>
  | FunctionOptions<Example, Output, Trace, Name>;
