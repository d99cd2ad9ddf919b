import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { FileAccessError } from '../../errors.ts';
import { messageOf } from '../../text/error-message.ts';
import { formatCount, formatGain, formatScore, UNKNOWN } from '../../text/format.ts';
import { visible, visibleJson } from '../../text/visible.ts';
import type { Command } from '../command.ts';
import { openRun } from '../run-argument.ts';

/** How many levels of folders are searched for run directories. */
const DEPTH = 4;

export const ls: Command = {
  name: 'ls',
  usage: '[DIR] [--json]',
  summary: 'Lists the runs in a directory, the newest first',
  help: [['--json', 'prints the list as JSON']],
  options: { json: { type: 'boolean' } },
  arguments: [0, 1],
  run({ positionals: [path = '.'], values }, { out, err }) {
    const root = resolve(path);
    if (!existsSync(root) || !statSync(root).isDirectory()) {
      throw new FileAccessError(`There is no directory ${root}.`);
    }
    const unreadable = (path: string, error: unknown) => err(visible(`${path}: ${messageOf(error)}`));
    const rows = runDirectories(root, DEPTH, unreadable).flatMap((directory) => {
      try {
        return [rowOf(directory, root)];
      } catch (error) {
        unreadable(directory, error);
        return [];
      }
    });
    rows.sort((a, b) => b.updatedAt - a.updatedAt);
    if (values.json) out(visibleJson(rows));
    else if (rows.length === 0) err(`There are no runs in ${root}.`);
    else out(tableOf(rows));
  },
};

function* directoriesIn(path: string): Generator<string> {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const isSkipped = entry.name === 'node_modules' || entry.name === '.git';
    if (entry.isDirectory() && !isSkipped) yield join(path, entry.name);
  }
}

function runDirectories(
  path: string,
  depth: number,
  unreadable: (path: string, error: unknown) => void,
): string[] {
  if (existsSync(join(path, 'journal.jsonl'))) return [path];
  if (depth === 0) return [];
  return [...directoriesIn(path)].flatMap((directory) => {
    try {
      return runDirectories(directory, depth - 1, unreadable);
    } catch (error) {
      unreadable(directory, error);
      return [];
    }
  });
}

function rowOf(directory: string, root: string) {
  const { kind, runId, state, updatedAt, candidates, metricCalls, score, test, bestIndex } =
    openRun(directory).data;
  return {
    kind,
    path: relative(root, directory) || '.',
    runId,
    state,
    updatedAt,
    candidates: candidates.length,
    metricCalls,
    best: bestIndex,
    seedScore: score?.seed,
    bestScore: score?.best,
    testGain: test?.gain,
  };
}

type Row = ReturnType<typeof rowOf>;

function tableOf(rows: readonly Row[]): string {
  const score = (value: number | undefined) => (value === undefined ? UNKNOWN : formatScore(value));
  const cells = [
    ['run', 'state', 'seed', 'best', 'held-out gain', 'candidates', 'metric calls', 'last change'],
    ...rows.map((row) => [
      visible(row.path),
      row.state,
      score(row.seedScore),
      score(row.bestScore),
      row.testGain === undefined ? UNKNOWN : formatGain(row.testGain),
      formatCount(row.candidates),
      formatCount(row.metricCalls),
      new Date(row.updatedAt).toISOString().slice(0, 16).replace('T', ' '),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
