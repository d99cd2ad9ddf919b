import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { evaluate } from '../evaluate/evaluate.ts';
import { optimize } from '../optimize.ts';

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'gepa-run-'));
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));

const written = () =>
  readFileSync(join(runDir, 'examples.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const run = {
  seedCandidate: { system: 'Answer.' },
  run: async () => ({ output: 'yes' }),
  metric: () => 1,
};
const search = { ...run, propose: async () => ({}), maxIterations: 1 };

it('examples.jsonl has id, set, position, input, expected and metadata of each example, equal contents once', async () => {
  const shared = { input: 'Is it late?', expected: 'yes', metadata: { source: 'log' }, weight: 2 };
  await optimize({
    ...search,
    runDir,
    trainset: [{ id: 'late', ...shared }, { input: 'Is it early?' }],
    valset: [{ id: 'late', ...shared }],
    testset: [{ input: 'Is it noon?' }],
  });
  expect(written()).toEqual([
    { example: 0, set: 'train', position: 0, id: 'late', ...contentsOf(shared) },
    { example: 1, set: 'train', position: 1, id: 'train:1', input: 'Is it early?' },
    { example: 0, set: 'val', position: 0, id: 'late' },
    { example: 2, set: 'test', position: 0, id: 'test:0', input: 'Is it noon?' },
  ]);
});

const contentsOf = ({ weight, ...contents }: { weight: number }) => ({ ...contents, other: { weight } });

it('examples.jsonl has an example without input as the input', async () => {
  await optimize({ ...search, runDir, trainset: ['Is it late?'] });
  expect(written()[0]).toEqual({
    example: 0,
    set: 'train',
    position: 0,
    id: 'train:0',
    input: 'Is it late?',
  });
});

it('examples.jsonl is masked as the journal is', async () => {
  await optimize({
    ...search,
    runDir,
    trainset: [{ id: 'ann@example.org', input: { from: 'ann@example.org', key: 'sk-abcdefgh12345678' } }],
    redact: (text) => text.replaceAll(/\S+@\S+/g, '[mail]'),
  });
  expect(written()[0]).toMatchObject({ id: '[mail]', input: { from: '[mail]', key: '[key]' } });
});

it('examples.jsonl has the examples of an evaluation once', async () => {
  await evaluate({ ...run, runDir, examples: [{ input: 'Is it late?' }] });
  expect(written()).toEqual([
    { example: 0, set: 'example', position: 0, id: 'example:0', input: 'Is it late?' },
  ]);
});

it('examples.jsonl is written again when it was deleted, and else stays', async () => {
  const again = () => optimize({ ...search, runDir, trainset: [{ input: 'Is it late?' }] });
  await again();
  rmSync(join(runDir, 'examples.jsonl'));
  await again();
  expect(existsSync(join(runDir, 'examples.jsonl'))).toBe(true);
  expect(readdirSync(runDir).sort()).toEqual(['events.jsonl', 'examples.jsonl', 'journal.jsonl']);
});
