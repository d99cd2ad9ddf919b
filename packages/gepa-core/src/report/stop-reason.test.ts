import { expect, it } from 'vitest';
import { describeStopReason } from './stop-reason.ts';

it('describeStopReason explains a known reason and names it', () => {
  expect(describeStopReason('maxIterations')).toBe('the iterations are used up (maxIterations)');
});

it('describeStopReason does not say that a limit is reached of which a part may be left', () => {
  expect(describeStopReason('maxCostUsd')).toBe('the next call could exceed the cost limit (maxCostUsd)');
  expect(describeStopReason('maxTokens')).toBe('the next call could exceed the token limit (maxTokens)');
});

it.each(['quota', 'constructor'])(
  'describeStopReason quotes the reason %s of a custom stop condition',
  (reason) => {
    expect(describeStopReason(reason)).toBe(`a stop condition returned "${reason}"`);
  },
);
