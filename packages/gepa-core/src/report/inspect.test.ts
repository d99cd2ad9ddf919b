import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { decisions } from './fixtures/sample-run.ts';
import { describeResult, inspectable } from './inspect.ts';
import { replay } from './result-of.ts';

const result = replay(decisions);

it('console.log shows a result in a few lines, and names its fields', () => {
  const lines = inspect(result).split('\n');
  expect(lines.length).toBeLessThan(12);
  expect(lines.every((line) => line.length < 400)).toBe(true);
  expect(lines[1]).toBe('  candidate 1 of 2 candidates: 0.500 → 0.750 on validation');
  expect(inspect(result)).toContain('fields: runId, bestCandidate');
});

it('a result with a short description for the console is still plain data', () => {
  expect(result).toEqual({ ...result });
  expect(JSON.parse(JSON.stringify(result))).toMatchObject({ bestIndex: 1, runId: 'run' });
  expect(structuredClone(result).bestScore).toBe(result.bestScore);
});

it('console.log shows characters that could control a terminal as escapes', () => {
  const texts = { 'prompt\u202e': 'Answer.\u200b\u001b[2J' };
  const text = inspect(inspectable({}, () => describeResult({ ...result, bestCandidate: texts })));
  expect(text).toContain(String.raw`{ "prompt\u202e": "Answer.\u200b\u001b[2J" }`);
});
