import { describe, expect, it } from 'vitest';
import { countOf, formatDuration, formatGain, formatPercent, formatScore, formatUsd } from './format.ts';

describe('numbers', () => {
  it('formatScore writes three decimals and no negative zero', () => {
    expect([0.7314, 1, -0.25, -0.0001, 1234.5].map(formatScore)).toEqual([
      '0.731',
      '1.000',
      '-0.250',
      '0.000',
      '1,234.500',
    ]);
  });

  it('formatGain writes a sign except for zero', () => {
    expect([0.25, -0.25, 0, -0.0001].map(formatGain)).toEqual(['+0.250', '-0.250', '0.000', '0.000']);
  });

  it('countOf writes thousands separators and a plural, and formatPercent rounds', () => {
    expect([0, 1, 12_345].map((n) => countOf(n, 'example'))).toEqual([
      '0 examples',
      '1 example',
      '12,345 examples',
    ]);
    expect(formatPercent(0.406)).toBe('41%');
  });

  it('formatUsd does not round small costs to zero', () => {
    expect([0, 1204.5, 0.01, 0.0034, 0.00001].map(formatUsd)).toEqual([
      '$0.00',
      '$1,204.50',
      '$0.01',
      '$0.0034',
      '<$0.0001',
    ]);
  });
});

describe('durations', () => {
  it.each([
    [0, '0s'],
    [340, '0.3s'],
    [960, '1s'],
    [42_000, '42s'],
    [59_600, '1m 00s'],
    [65_000, '1m 05s'],
    [3_599_700, '1h 00m'],
    [7_380_000, '2h 03m'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('formatDuration writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
