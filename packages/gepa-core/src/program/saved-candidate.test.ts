import { expect, it } from 'vitest';
import { FileFormatError } from '../errors.ts';
import { parseSavedCandidate, type SavedCandidate } from './saved-candidate.ts';

const validation = { seed: 0, best: 1 };
const test = { size: 1, seed: 0, best: 1, interval: [0, 1] as [number, number] };
const saved: SavedCandidate = {
  format: 'gepa-candidate',
  version: 1,
  texts: { prompt: 'new' },
  original: { prompt: 'old' },
  scores: { validation },
};

it.each<SavedCandidate>([saved, { ...saved, scores: { validation, test } }])(
  'parseSavedCandidate returns a valid saved candidate unchanged: %j',
  (valid) => expect(parseSavedCandidate(valid, 'x.json')).toEqual(valid),
);

it('parseSavedCandidate drops unknown fields', () => {
  const more = { ...saved, note: 'x', scores: { validation: { ...validation, worst: 0 }, test: undefined } };
  const parsed = parseSavedCandidate(more, 'x.json');
  expect(parsed).toStrictEqual(saved);
});

it.each<[unknown, string]>([
  [undefined, 'the root value: Invalid input: expected object, received undefined'],
  [null, 'the root value: Invalid input: expected object, received null'],
  [[saved], 'the root value: Invalid input: expected object, received array'],
  [{}, 'format: Invalid input: expected "gepa-candidate"'],
  [{ ...saved, texts: [] }, 'texts: Invalid input: expected record, received array'],
  [{ ...saved, texts: undefined }, 'texts: Invalid input: expected record, received undefined'],
  [{ ...saved, texts: { prompt: 1 } }, 'texts.prompt: Invalid input: expected string, received number'],
  [{ ...saved, original: { a: null } }, 'original.a: Invalid input: expected string, received null'],
  [{ ...saved, scores: 1 }, 'scores: Invalid input: expected object, received number'],
  [{ ...saved, scores: {} }, 'scores.validation: Invalid input: expected object, received undefined'],
  [
    { ...saved, scores: { validation: { seed: '0', best: 1 } } },
    'scores.validation.seed: Invalid input: expected number, received string',
  ],
  [
    { ...saved, scores: { validation: { seed: 0, best: Number.NaN } } },
    'scores.validation.best: Invalid input: expected number, received NaN',
  ],
  [
    { ...saved, scores: { validation, test: null } },
    'scores.test: Invalid input: expected object, received null',
  ],
  [
    { ...saved, scores: { validation, test: { ...test, interval: {} } } },
    'scores.test.interval: Invalid input: expected tuple, received object',
  ],
  [
    { ...saved, scores: { validation, test: { ...test, interval: [0] } } },
    'scores.test.interval: Invalid input: expected 2 items, received 1',
  ],
  [
    { ...saved, scores: { validation, test: { ...test, interval: [0, '1'] } } },
    'scores.test.interval.1: Invalid input: expected number, received string',
  ],
])('parseSavedCandidate refuses %j and names the first wrong field', (value, problem) => {
  const parse = () => parseSavedCandidate(value, 'x.json');
  expect(parse).toThrow(FileFormatError);
  expect(parse).toThrow(`x.json is not a saved candidate: ${problem}.`);
});

it('parseSavedCandidate refuses another version of the format', () => {
  expect(() => parseSavedCandidate({ ...saved, version: 2 }, 'x.json')).toThrow(
    'x.json has version 2 of the format "gepa-candidate"; this package reads version 1.',
  );
});
