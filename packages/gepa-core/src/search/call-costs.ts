import type { ExampleRef } from './evaluation/examples.ts';
import { policyRequest } from './pool.ts';
import type { SearchContext } from './search-context.ts';

/** The metric calls that proposals may take: those left, without the share of the final comparison. */
export function callsForSearch<Name extends string>(search: SearchContext<Name>): number {
  const request = policyRequest(search);
  const { limit, left } = request.metricCalls;
  if (!Number.isFinite(limit)) return left;
  return left - Math.floor(search.strategies.evaluationPolicy.reserve(request) * limit);
}

/** The metric calls that a new candidate takes at most, on some examples and on the valset or its part. */
export function costOfValidation<Name extends string>(
  { evaluator, state, strategies, valset }: SearchContext<Name>,
  examples: readonly ExampleRef[],
): number {
  if (!strategies.evaluationPolicy.scoresPart) return evaluator.costOfNew([...examples, ...valset]);
  const { part } = state.pool;
  const positions = [...new Set(part)];
  const repeats = part.length - positions.length;
  return evaluator.costOfNew([...examples, ...positions.map((position) => valset[position]!)]) + repeats;
}

/** The metric calls that another proposal takes at most: parent and child on a minibatch, and the child's validation. */
export function callsForProposal<Name extends string>(search: SearchContext<Name>): number {
  return 2 * search.settings.reflectionMinibatchSize + callsForValidation(search);
}

/** The metric calls that the validation of a new candidate takes at most: the valset, or the part on which it is scored. */
export function callsForValidation<Name extends string>({
  state,
  strategies,
  valset,
}: SearchContext<Name>): number {
  return strategies.evaluationPolicy.scoresPart ? state.pool.part.length : valset.length;
}
