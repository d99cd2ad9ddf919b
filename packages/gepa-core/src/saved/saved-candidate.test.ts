import { lstatSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileAccessError, FileFormatError } from '../errors.ts';
import {
  candidateFrom,
  parseSavedCandidate,
  readSavedCandidate,
  type SavedCandidate,
  savedCandidate,
  writeSavedCandidate,
} from './saved-candidate.ts';

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
  const more = { ...saved, note: 'x', provenance: {} };
  const parsed = parseSavedCandidate(more, 'x.json');
  expect(parsed).toStrictEqual(saved);
});

it.each<[unknown, string]>([
  [undefined, 'the root value: expected object, received undefined'],
  [null, 'the root value: expected object, received null'],
  [[saved], 'the root value: expected object, received array'],
  [{}, 'format: expected "gepa-candidate", received undefined'],
  [{ ...saved, texts: [] }, 'texts: expected record, received array'],
  [{ ...saved, texts: undefined }, 'texts: expected record, received undefined'],
  [{ ...saved, texts: { prompt: 1 } }, 'texts.prompt: expected string, received number'],
  [{ ...saved, original: { a: null } }, 'original.a: expected string, received null'],
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

it('a saved candidate that cannot be read is refused with its full path and the reason', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gepa-saved-'));
  expect(() => readSavedCandidate('missing.json')).toThrow(FileAccessError);
  expect(() => readSavedCandidate('missing.json')).toThrow(
    `${join(process.cwd(), 'missing.json')} cannot be read: it does not exist.`,
  );
  expect(() => readSavedCandidate(folder)).toThrow(`${folder} cannot be read: it is a directory.`);
});

it('a candidate that cannot be saved is refused with the reason and leaves no file behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gepa-saved-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => writeSavedCandidate(folder, saved)).toThrow(FileAccessError);
  expect(() => writeSavedCandidate(join(file, 'candidate.json'), saved)).toThrow(
    `cannot be saved to ${join(file, 'candidate.json')}: a part of the path is a file.`,
  );
  expect(readdirSync(folder)).toEqual(['file']);
});

it('candidateFrom with ifChanged: apply names a placeholder that the saved text lost, as after a renamed variable', () => {
  const saved = savedCandidate({
    texts: { prompt: 'In {town}.' },
    original: { prompt: 'In {town}.' },
    scores: { validation: { seed: 0, best: 0 } },
  });
  const components = { prompt: { text: 'In {city}.', variables: ['city'] } };
  expect(() => candidateFrom(saved, components, 'apply')).toThrow('lost {city}');
});

it('a candidate saved to a link replaces the target of the link', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gepa-saved-'));
  const [file, link] = [join(directory, 'v1.json'), join(directory, 'current.json')];
  writeFileSync(file, 'older');
  symlinkSync(file, link);
  writeSavedCandidate(link, saved);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readSavedCandidate(file)).toEqual(saved);
  expect(readdirSync(directory)).toHaveLength(2);
});

it('a candidate can be saved to a device', () => {
  writeSavedCandidate('/dev/null', saved);
  expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
});

it('a saved candidate may begin with a byte order mark', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'gepa-saved-')), 'candidate.json');
  writeFileSync(path, `\uFEFF${JSON.stringify(saved)}`);
  expect(readSavedCandidate(path)).toEqual(saved);
});
