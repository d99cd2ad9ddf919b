import type { Metric } from 'gepa-core';
import type { Day } from './bakery.ts';
import { clock, closing } from './bakery.ts';
import type { Entry, Outcome } from './describe-day.ts';

/** Half for customers who need not wait, half for what is sold before the bakery closes; what went wrong, in words. */
export const bakeryMetric: Metric<Day, Outcome, readonly Entry[]> = ({ output, trace = [] }) => {
  const { orders, onTime, readyByClosing, heating } = output;
  const feedback = [
    `${onTime} of ${orders} orders were on time, and ${readyByClosing} ready by closing at ${clock(closing)}.`,
    `The ovens spent ${heating} min on changing temperature.`,
    ...trace.flatMap(({ what, fault }) => (fault === undefined ? [] : `${what}. ${fault}`)),
  ];
  return {
    score: (onTime + readyByClosing) / (2 * orders),
    objectives: { punctuality: onTime / orders, throughput: readyByClosing / orders },
    feedback: feedback.join('\n'),
  };
};
