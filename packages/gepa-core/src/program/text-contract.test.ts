import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CandidateMismatchError } from '../errors.ts';
import { checkCandidate, savedCandidate, writeSavedCandidate } from '../saved/saved-candidate.ts';
import { loadProgram } from './load-program.ts';

const components = {
  prompt: { text: 'Answer {question}.', variables: ['question'] },
  style: { text: 'Be brief.' },
  empty: { text: '' },
};
const original = { prompt: 'Answer {question}.', style: 'Be brief.', empty: '' };
const scores = { validation: { seed: 0, best: 1 } };
const load = (texts: Partial<typeof original>, options = {}) =>
  loadProgram(
    { components, apply: (candidate) => candidate },
    savedCandidate({ texts: { ...original, ...texts }, original, scores }),
    options,
  );

it.each([
  ['lost a placeholder', { prompt: 'Answer it.' }, ['prompt']],
  ['invented a placeholder', { prompt: 'Answer {question} as {name}.' }, ['prompt']],
  ['are empty', { prompt: ' ', style: '' }, ['prompt', 'style']],
])('saved texts that %s are refused with the names of their components', (_, texts, invalid) => {
  for (const refuse of [() => load(texts), () => checkCandidate(components, { ...original, ...texts })]) {
    expect(refuse).toThrow(CandidateMismatchError);
    expect(refuse).toThrow(expect.objectContaining({ invalid, missing: [], unknown: [] }));
    for (const name of invalid) expect(refuse).toThrow(`"${name}"`);
  }
});

it.each([
  ['the original texts', {}],
  ['braces in a text without variables', { style: 'Be {brief}.' }],
  ['the placeholder at another place', { prompt: '{question}? Answer.' }],
])('a saved candidate with %s is loaded', (_, texts) => {
  expect(load(texts)).toEqual({ ...original, ...texts });
});

it('save creates missing folders', () => {
  const root = mkdtempSync(join(tmpdir(), 'gepa-save-'));
  const path = join(root, 'a', 'b', 'saved.json');
  writeSavedCandidate(path, savedCandidate({ texts: original, original, scores }));
  expect(existsSync(path)).toBe(true);
  rmSync(root, { recursive: true });
});
