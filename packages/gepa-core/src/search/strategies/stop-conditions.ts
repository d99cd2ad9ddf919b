import type { Usage } from '../../budget/usage.ts';
import type { SearchView } from '../search-view.ts';

/** Why a run ended. A stop condition of the caller's own may give any other word. */
export type StopReason =
  | 'maxMetricCalls'
  | 'maxIterations'
  | 'maxCostUsd'
  | 'maxTokens'
  | 'maxDurationMs'
  | 'scoreReached'
  | 'noImprovement'
  | 'stopFile'
  | 'aborted'
  /** The models could not be had any more: an outage that outlasted the retries, a refused key, a used-up quota. */
  | 'providerUnavailable'
  /** The run directory could not be written any more. */
  | 'runDirUnwritable'
  /** Every minibatch of a whole epoch was perfect already. */
  | 'allPerfect'
  /** For a whole epoch nothing was proposed that was not measured already. */
  | 'noNewProposals'
  /** The run could not go on; the error that was thrown carries this result. */
  | 'error'
  | (string & {});

/** What a stop condition sees. */
export interface StopState {
  readonly search: SearchView;
  /** Finished iterations. */
  readonly iterations: number;
  readonly metricCalls: number;
  readonly usage: Usage;
  readonly elapsedMs: number;
}

/**
 * Asked before every iteration; a reason ends the run (reference: `stop_callbacks`). To bound what a single
 * iteration spends, use the options `maxMetricCalls`, `maxCostUsd`, `maxDurationMs` and `signal`, which are ceilings.
 */
export type StopCondition = (state: StopState) => StopReason | undefined | Promise<StopReason | undefined>;

/** After n metric calls. */
export const metricCalls =
  (n: number): StopCondition =>
  (state) =>
    state.metricCalls >= n ? 'maxMetricCalls' : undefined;

/** After n iterations. */
export const iterations =
  (n: number): StopCondition =>
  (state) =>
    state.iterations >= n ? 'maxIterations' : undefined;

/** After so many milliseconds. */
export const duration =
  (ms: number): StopCondition =>
  (state) =>
    state.elapsedMs >= ms ? 'maxDurationMs' : undefined;

/** After so many US dollars; needs usage with costs, or `prices`. */
export const cost =
  (usd: number): StopCondition =>
  (state) =>
    (state.usage.costUsd ?? 0) >= usd ? 'maxCostUsd' : undefined;

/** When the best mean on the valset reaches a score. */
export const scoreReached =
  (score: number): StopCondition =>
  ({ search }) =>
    (search.candidates[search.bestIndex]?.mean ?? Number.NEGATIVE_INFINITY) >= score
      ? 'scoreReached'
      : undefined;

/** When for n iterations no candidate has become the best. */
export const noImprovement =
  (n: number): StopCondition =>
  ({ search, iterations }) =>
    iterations - (search.candidates[search.bestIndex]?.iteration ?? 0) >= n ? 'noImprovement' : undefined;

/** When a signal is aborted. Unlike the option `signal`, it lets the iteration finish. */
export const signalAborted =
  (signal: AbortSignal): StopCondition =>
  () =>
    signal.aborted ? 'aborted' : undefined;

/** When any of the conditions holds; the reason is the first one's. */
export const anyOf =
  (...conditions: readonly StopCondition[]): StopCondition =>
  async (state) => {
    for (const condition of conditions) {
      const reason = await condition(state);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };

/** When all of the conditions hold at once; the reason is the last one's. */
export const allOf =
  (...conditions: readonly StopCondition[]): StopCondition =>
  async (state) => {
    let reason: StopReason | undefined;
    for (const condition of conditions) {
      reason = await condition(state);
      if (reason === undefined) return undefined;
    }
    return reason;
  };
