import { countOf } from '../text/format.ts';
import { callsForValidation } from './call-costs.ts';
import type { SearchContext } from './search-context.ts';

/** With fewer proposals, a search needs luck. */
export const ENOUGH_PROPOSALS = 10;
/** One in this number of proposals is assumed to be accepted and validated. */
const PROPOSALS_PER_ACCEPTED = 3;

/** Warns before the start when the metric calls allow only a few proposals, and says what would help. */
export function warnOfFewProposals<Name extends string>(search: SearchContext<Name>): void {
  const { settings, strategies, limits, warn } = search;
  const { maxMetricCalls, reflectionMinibatchSize } = settings;
  const { testset } = limits.metricCalls();
  const validation = callsForValidation(search);
  const perProposal = 2 * reflectionMinibatchSize + validation / PROPOSALS_PER_ACCEPTED;
  if (maxMetricCalls === undefined) return;
  const proposals = Math.floor((maxMetricCalls - testset - validation) / perProposal);
  if (proposals >= ENOUGH_PROPOSALS) return;

  const needed = Math.ceil(testset + validation + ENOUGH_PROPOSALS * perProposal);
  const kept = testset === 0 ? '' : `, ${testset} are kept for the testset`;
  const remedies = [
    `set maxMetricCalls to ${needed} or more for ${ENOUGH_PROPOSALS} proposals`,
    ...(testset === 0 ? [] : ['use a smaller testset, which takes two calls per example']),
    ...(strategies.evaluationPolicy.scoresPart
      ? []
      : ["use a smaller valset, or `search: 'adaptive'`, which compares on a part of it"]),
  ];
  warn(
    `maxMetricCalls allows only about ${countOf(Math.max(0, proposals), 'proposal')}: of ${maxMetricCalls} calls, ${validation} score the seed${kept}, and a proposal takes about ${Math.round(perProposal)}. To find more, ${remedies.join('; or ')}.`,
  );
}
