import { type Load, product } from './load.ts';
import type { SearchSize } from './search-size.ts';

/**
 * The dearest course of a run. Its metric calls are a ceiling. Its reflections are as many as there are if no child is
 * accepted, so that iterations are cheap and many, and every answer is asked for a second time; those of iterations in
 * which nothing is measured come on top.
 */
export function worstCourse(
  size: SearchSize,
  bounds: { readonly metricCalls: number; readonly iterations: number },
  how: {
    readonly cache: boolean;
    readonly merges: boolean;
    readonly concurrency: number;
    readonly asks: Asks;
  },
): Load {
  const { tasks, minibatch, valset, merge, testset, reserved, rewritten } = size;
  const mutation = product(tasks.most, 2 * minibatch.most) + product(size.mostSelected(tasks.most), valset);
  const iteration = Math.max(mutation, how.merges ? merge : 0);
  const search = Math.min(bounds.metricCalls - reserved, valset + product(bounds.iterations, iteration));
  const metricCalls = search + 2 * testset.most;

  const leastPerProposal = minibatch.likely * (how.cache ? 1 : 2);
  const proposals = Math.min(
    product(bounds.iterations, tasks.most),
    Math.floor((search - valset) / leastPerProposal),
  );
  const perProposal = how.asks === 'once' ? 1 : 2 * rewritten.most;
  // At the least that run at once, everything takes longest.
  const atOnce = Math.min(how.concurrency, valset, tasks.likely * minibatch.likely);
  return {
    iterations: bounds.iterations,
    metricCalls,
    reflections: product(proposals, perProposal),
    rolloutRounds: metricCalls / atOnce,
    reflectionRounds: (proposals / tasks.likely) * (how.asks === 'once' ? 1 : 2),
  };
}

/** A proposer of the caller's own is asked once for all components; the model once for each, and again after a fault. */
export type Asks = 'once' | 'byComponent';
