import type { ExampleRef } from './evaluation/examples.ts';
import { policyRequest } from './pool.ts';
import type { SearchContext } from './search-context.ts';

/** The metric calls that proposals may take: what is left without the reserve of the final comparison. */
export function callsForSearch<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
): number {
  const request = policyRequest(search);
  const { limit, left } = request.metricCalls;
  if (!Number.isFinite(limit)) return left;
  return left - Math.floor(search.strategies.evaluationPolicy.reserve(request) * limit);
}

/** The metric calls that a new candidate takes at most, on some examples and on the valset or its part. */
export function costOfValidation<Example, Output, Trace, Name extends string>(
  { evaluator, state, strategies, valset }: SearchContext<Example, Output, Trace, Name>,
  examples: readonly ExampleRef<Example>[],
): number {
  if (!strategies.evaluationPolicy.scoresPart) return evaluator.costOfNew([...examples, ...valset]);
  const { part } = state.pool;
  const positions = [...new Set(part)];
  const repeats = part.length - positions.length;
  return evaluator.costOfNew([...examples, ...positions.map((position) => valset[position]!)]) + repeats;
}

/** The metric calls that another proposal takes at most: parent and child on a minibatch, and the child's validation. */
export function callsForProposal<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
): number {
  return 2 * search.settings.reflectionMinibatchSize + callsForValidation(search);
}

/** The metric calls that the validation of a new candidate takes at most: the valset, or the part on which it is scored. */
export function callsForValidation<Example, Output, Trace, Name extends string>({
  state,
  strategies,
  valset,
}: SearchContext<Example, Output, Trace, Name>): number {
  return strategies.evaluationPolicy.scoresPart ? state.pool.part.length : valset.length;
}
