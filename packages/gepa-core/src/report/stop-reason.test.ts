import { expect, it } from 'vitest';
import { describeStopReason } from './stop-reason.ts';

it('describeStopReason explains a known reason and names it', () => {
  expect(describeStopReason('maxCostUsd')).toBe('the cost limit is reached (maxCostUsd)');
});

it.each(['quota', 'constructor'])(
  'describeStopReason quotes the reason %s of a custom stop condition',
  (reason) => {
    expect(describeStopReason(reason)).toBe(`a stop condition returned "${reason}"`);
  },
);
