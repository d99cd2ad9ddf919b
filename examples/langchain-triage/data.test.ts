import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { test, train, validation } from './data.ts';
import { houseRules, rulesBehind } from './house-rules.ts';

const all = [...train, ...validation, ...test];

describe('the data', () => {
  it('each set of tickets is large enough, and no ticket occurs twice', () => {
    expect(train.length).toBeGreaterThanOrEqual(24);
    expect(validation.length).toBeGreaterThanOrEqual(24);
    expect(test.length).toBeGreaterThanOrEqual(40);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ input }) => input.ticket)).size).toBe(all.length);
  });

  it.each(houseRules)('the labels of all tickets follow the rule: $text', ({ sets, applies }) => {
    const breaking = all
      .filter(({ input, expected }) => applies(input.ticket, expected))
      .filter(({ expected }) => Object.entries(sets).some(([field, value]) => !has(expected, field, value)));
    expect(breaking.map(({ id }) => id)).toEqual([]);
  });

  it.each(houseRules)('every set of tickets has a case of the rule: $text', ({ applies }) => {
    for (const set of [train, validation, test]) {
      expect(set.some(({ input, expected }) => applies(input.ticket, expected))).toBe(true);
    }
  });

  it('a house rule explains every unusual label', () => {
    const unexplained = all.filter(
      ({ input, expected }) =>
        (expected.customer !== 'standard' && rulesBehind(input.ticket, expected, 'customer').length === 0) ||
        (expected.priority !== 'normal' &&
          !houseRules.some((rule) => 'priority' in rule.sets && rule.applies(input.ticket, expected))),
    );
    expect(unexplained.map(({ id }) => id)).toEqual([]);
  });
});

it('the source of the simulated model contains no words of the triage data', () => {
  const folder = new URL('../simulated-model/', import.meta.url);
  const sources = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(sources.length).toBeGreaterThan(0);
  const domainWords =
    /langchain-triage|semester|thesis|classroom|campus|\bSLA\b|framework agreement|success manager|procurement|reseller|referral|workspace|vanish|duplicated|blank page|spinner|\btimeout\b|collections|grants|rebate|recovery|retention|\bbeta\b|\blabs\b|cancelling|competitor/i;
  for (const file of sources)
    expect(readFileSync(new URL(file, folder), 'utf8'), file).not.toMatch(domainWords);
});

function has(labels: object, field: string, value: string): boolean {
  return (labels as Record<string, string>)[field] === value;
}
