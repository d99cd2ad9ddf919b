import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RunDirectoryError } from '../errors.ts';
import { RunReader } from '../run-data/read-run.ts';
import type { CandidateData, RunData } from '../run-data/run-data.ts';
import { countOf } from '../text/format.ts';
import { UsageError } from './usage-error.ts';

/** @throws {RunDirectoryError} when the directory has no run. */
export function openRun(path: string): RunReader {
  const directory = resolve(path);
  if (!existsSync(directory)) throw new RunDirectoryError(`There is no run directory ${directory}.`);
  if (!statSync(directory).isDirectory()) throw new RunDirectoryError(`${directory} is not a directory.`);
  const reader = new RunReader(directory);
  reader.update();
  return reader;
}

/**
 * A candidate by its number, `seed` or `best`; of an evaluation by its name or number.
 *
 * @throws {UsageError} when there is none.
 */
export function candidateOf(run: RunData, name: string): CandidateData {
  const named = run.candidates.find(({ evaluated }) => evaluated?.name === name);
  if (named !== undefined) return named;
  const index =
    name === 'seed' && run.kind === 'search'
      ? 0
      : name === 'best' && run.kind === 'search'
        ? run.bestIndex
        : /^#?\d+$/.test(name)
          ? Number(name.replace('#', ''))
          : undefined;
  const candidate = index === undefined ? undefined : run.candidates[index];
  if (candidate !== undefined) return candidate;
  if (run.kind === 'evaluation') {
    const names = run.candidates.map(({ evaluated }) => evaluated?.name);
    throw new UsageError(`There is no candidate "${name}": the evaluation has ${names.join(', ')}.`);
  }
  throw new UsageError(
    `There is no candidate "${name}": the run has ${countOf(run.candidates.length, 'candidate')}. Give a number from 0, "seed" or "best".`,
  );
}

/**
 * An example by its id, or by its number as `#3`.
 *
 * @throws {UsageError} when there is none.
 */
export function exampleOf(run: RunData, id: string): number {
  const byId = run.examples.find((example) => example.id === id);
  const number = byId?.example ?? (/^#\d+$/.test(id) ? Number(id.slice(1)) : undefined);
  if (number !== undefined && run.examples[number] !== undefined) return number;
  const some = run.examples.slice(0, 5).map((example) => example.id);
  throw new UsageError(
    `There is no example "${id}"${some.length === 0 ? '' : `. Ids of this run: ${some.join(', ')}${run.examples.length > some.length ? ', …' : ''}`}.`,
  );
}
