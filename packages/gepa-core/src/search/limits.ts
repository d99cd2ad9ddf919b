import type { Budget } from '../budget/budget.ts';
import type { SpendReport } from '../budget/spend.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import { nextTurn } from '../calls/next-turn.ts';
import { GepaError, StrategyError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { RunSignal } from '../run/run-signal.ts';
import { messageOf } from '../text/error-message.ts';
import type { SearchState } from './state/state.ts';
import * as conditions from './strategies/stop-conditions.ts';
import type { StopReason } from './strategies/stop-reason.ts';

/** The options that limit a search. */
interface LimitOptions {
  readonly maxMetricCalls?: number;
  readonly maxIterations?: number;
  readonly maxCostUsd?: number;
  readonly maxTokens?: number;
  readonly maxDurationMs?: number;
  readonly stopConditions?: readonly conditions.StopCondition[];
}

/** The state of the run, which is compared with the limits. */
interface Progress<Name extends string> {
  readonly state: SearchState<Name>;
  readonly spend: SpendReport;
  readonly budget: Budget;
  readonly stopwatch: Stopwatch;
  readonly runSignal: RunSignal;
  readonly journal: Journal | undefined;
}

/** Decides when a search ends: at its limits, by a stop condition, or when it is aborted. */
export class SearchLimits<Name extends string> {
  readonly #options: LimitOptions;
  readonly #progress: Progress<Name>;
  readonly #isMet: conditions.StopCondition;

  constructor(options: LimitOptions, progress: Progress<Name>) {
    const { maxIterations, stopConditions = [] } = options;
    this.#options = options;
    this.#progress = progress;
    this.#isMet = conditions.anyOf(
      ...(maxIterations === undefined ? [] : [conditions.iterations(maxIterations)]),
      ...stopConditions.map(checkedCondition),
    );
  }

  /** The metric calls of the run without those kept for the testset, and what is left of them; `Infinity` without a limit. */
  metricCalls(): { readonly limit: number; readonly left: number; readonly testset: number } {
    const { state, spend, budget, journal } = this.#progress;
    const { maxMetricCalls = Number.POSITIVE_INFINITY } = this.#options;
    const planned = journal?.hasIteration(state.iteration) ? (journal.plannedMetricCalls ?? 0) : 0;
    const total = journal?.limitOf(state.iteration) ?? Math.max(maxMetricCalls, planned);
    const limit = total - budget.testsetCalls;
    return { limit, left: limit - spend.metricCalls, testset: budget.testsetCalls };
  }

  /**
   * Why the search ends after the present iteration; `undefined` if it goes on.
   *
   * @param reserve the share of the limits that the final comparison gets.
   */
  async stopReason(reserve: () => number): Promise<StopReason | undefined> {
    const { state, spend, stopwatch, runSignal, journal } = this.#progress;
    // A replay never waits, so give timers and Ctrl-C a turn of the event loop.
    if (journal?.hasIteration(state.iteration)) await nextTurn();
    // The earlier session went on from here, so its replay does too: time limits do not count.
    if (!journal?.hasIteration(state.iteration + 1)) {
      const { metricCalls, usage } = spend;
      const { iteration: iterations } = state;
      const { elapsedMs } = stopwatch;
      const reason =
        runSignal.endedBy ??
        (await this.#isMet({ search: state, iterations, metricCalls, usage, elapsedMs })) ??
        this.#reachedReserve(reserve());
      if (reason !== undefined) return reason;
    }
    // Other limits may have ended this iteration earlier: the calls left over count as spend.
    journal?.skip(state.iteration + 1);
    return undefined;
  }

  /** Whether only the share of dollars, tokens or time is left that the final comparison gets. */
  #reachedReserve(reserve: number): StopReason | undefined {
    if (reserve === 0) return undefined;
    const { maxCostUsd, maxTokens, maxDurationMs } = this.#options;
    const { usage } = this.#progress.spend;
    const isReached = (spent: number | undefined, limit: number | undefined) =>
      limit !== undefined && (spent ?? 0) >= (1 - reserve) * limit;
    if (isReached(usage.costUsd, maxCostUsd)) return 'maxCostUsd';
    if (isReached(usage.inputTokens + usage.outputTokens, maxTokens)) return 'maxTokens';
    return isReached(this.#progress.stopwatch.elapsedMs, maxDurationMs) ? 'maxDurationMs' : undefined;
  }
}

function checkedCondition(condition: conditions.StopCondition): conditions.StopCondition {
  return async (state) => {
    let reason: unknown;
    try {
      reason = await condition(state);
    } catch (error) {
      if (GepaError.isInstance(error)) throw error;
      throw new StrategyError(`A stop condition threw: ${messageOf(error)}`, { cause: error });
    }
    if (reason === undefined || (typeof reason === 'string' && reason !== '')) return reason;
    throw new StrategyError(
      `A stop condition returned ${JSON.stringify(reason)}. Return the reason to stop as a string, or undefined to go on.`,
    );
  };
}
