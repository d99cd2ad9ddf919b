import type { Metric } from 'gepa-core';
import type { Day } from './bakery.ts';
import { clock, closing } from './bakery.ts';
import type { Entry, Outcome } from './describe-day.ts';

/** Half of the score is for orders on time, half for orders ready by closing. The feedback lists the faults. */
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
