import { expect, it } from 'vitest';
import { describeStopReason } from './stop-reason.ts';

it('explains a known reason and keeps its word', () => {
  expect(describeStopReason('maxCostUsd')).toBe('the cost limit is reached (maxCostUsd)');
});

it.each(['quota', 'constructor'])('quotes the word %s of a stop condition of the caller', (word) => {
  expect(describeStopReason(word)).toBe(`a stop condition said "${word}"`);
});
