import type { Usage } from '../../budget/usage.ts';
import { checkArgument } from '../../check-options.ts';
import { aNumber } from '../../kinds.ts';
import type { SearchView } from '../state/search-view.ts';
import type { StopReason } from './stop-reason.ts';

/** The argument of a stop condition. */
export interface StopState {
  readonly search: SearchView;
  /** Finished iterations. */
  readonly iterations: number;
  readonly metricCalls: number;
  readonly usage: Usage;
  readonly elapsedMs: number;
}

/**
 * Called before every iteration; a returned reason ends the run (reference: `stop_callbacks`). It never interrupts an
 * iteration: for hard limits, use the options `maxMetricCalls`, `maxCostUsd`, `maxDurationMs` and `signal`.
 */
export type StopCondition = (state: StopState) => StopReason | undefined | Promise<StopReason | undefined>;

/** A condition with a value that is not a number would never stop a run. */
function checked(name: string, value: number, condition: StopCondition): StopCondition {
  checkArgument(`The argument of stopConditions.${name}`, value, aNumber);
  return condition;
}

/** Stops after n metric calls. */
export const metricCalls = (n: number): StopCondition =>
  checked('metricCalls', n, (state) => (state.metricCalls >= n ? 'maxMetricCalls' : undefined));

/** Stops after n iterations. */
export const iterations = (n: number): StopCondition =>
  checked('iterations', n, (state) => (state.iterations >= n ? 'maxIterations' : undefined));

/** Stops after `ms` milliseconds. */
export const duration = (ms: number): StopCondition =>
  checked('duration', ms, (state) => (state.elapsedMs >= ms ? 'maxDurationMs' : undefined));

/** Stops after a cost of `usd` US dollars. Requires usage with `costUsd`, or prices for the models. */
export const cost = (usd: number): StopCondition =>
  checked('cost', usd, (state) => ((state.usage.costUsd ?? 0) >= usd ? 'maxCostUsd' : undefined));

/** By chance, the best of many candidates reaches almost any score on a few examples. */
const MIN_EXAMPLES = 20;

/**
 * Stops when the mean of the best candidate reaches a score on the valset, or on the part of it that the search compares
 * candidates on, once that has 20 examples.
 */
export const scoreReached = (score: number): StopCondition =>
  checked('scoreReached', score, ({ search: { candidates, bestIndex, valsetSize } }) => {
    const best = candidates[bestIndex];
    if (best === undefined || best.coverage < Math.min(MIN_EXAMPLES, valsetSize)) return undefined;
    return best.mean >= score ? 'scoreReached' : undefined;
  });

/** Stops when no candidate has become the best for n iterations. */
export const noImprovement = (n: number): StopCondition =>
  checked('noImprovement', n, ({ search, iterations }) =>
    iterations - search.bestSince >= n ? 'noImprovement' : undefined,
  );

/** Stops when a signal is aborted. Unlike the option `signal`, it lets the current iteration finish. */
export const signalAborted =
  (signal: AbortSignal): StopCondition =>
  () =>
    signal.aborted ? 'aborted' : undefined;

/** Stops when any of the conditions returns a reason; the result is the first reason. */
export const anyOf =
  (...conditions: readonly StopCondition[]): StopCondition =>
  async (state) => {
    for (const condition of conditions) {
      const reason = await condition(state);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };

/** Stops when all of the conditions return a reason at once; the result is the last reason. */
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
