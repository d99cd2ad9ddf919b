import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { test, train, validation } from './data.ts';
import { houseRules, rulesBehind } from './house-rules.ts';

const all = [...train, ...validation, ...test];

describe('the data', () => {
  it('has enough tickets in each set, and no ticket twice', () => {
    expect(train.length).toBeGreaterThanOrEqual(24);
    expect(validation.length).toBeGreaterThanOrEqual(24);
    expect(test.length).toBeGreaterThanOrEqual(40);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ input }) => input.ticket)).size).toBe(all.length);
  });

  it.each(houseRules)('keeps to the rule: $text', ({ sets, holds }) => {
    const breaking = all
      .filter(({ input, expected }) => holds(input.ticket, expected))
      .filter(({ expected }) => Object.entries(sets).some(([field, value]) => !has(expected, field, value)));
    expect(breaking.map(({ id }) => id)).toEqual([]);
  });

  it.each(houseRules)('shows in every set: $text', ({ holds }) => {
    for (const set of [train, validation, test]) {
      expect(set.some(({ input, expected }) => holds(input.ticket, expected))).toBe(true);
    }
  });

  it('has no label out of the ordinary that no house rule explains', () => {
    const unexplained = all.filter(
      ({ input, expected }) =>
        (expected.customer !== 'standard' && rulesBehind(input.ticket, expected, 'customer').length === 0) ||
        (expected.priority !== 'normal' &&
          !houseRules.some((rule) => 'priority' in rule.sets && rule.holds(input.ticket, expected))),
    );
    expect(unexplained.map(({ id }) => id)).toEqual([]);
  });
});

it('is unknown to the simulated model', () => {
  const folder = new URL('../simulated-model/', import.meta.url);
  const sources = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(sources.length).toBeGreaterThan(0);
  const telling =
    /langchain-triage|semester|thesis|classroom|campus|\bSLA\b|framework agreement|success manager|procurement|reseller|referral|workspace|vanish|duplicated|blank page|spinner|\btimeout\b|collections|grants|rebate|recovery|retention|\bbeta\b|\blabs\b|cancelling|competitor/i;
  for (const file of sources) expect(readFileSync(new URL(file, folder), 'utf8'), file).not.toMatch(telling);
});

function has(labels: object, field: string, value: string): boolean {
  return (labels as Record<string, string>)[field] === value;
}
