import { CandidateMismatchError } from 'gepa-core';
import { inspectProgram } from './inspect-program.ts';

/** @throws {CandidateMismatchError} when the program has no component of a given name. */
export function checkNames(program: unknown, names: readonly string[]): void {
  const known = inspectProgram(program).sites.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const list = (all: readonly string[]) => all.map((name) => `"${name}"`).join(', ');
  throw new CandidateMismatchError(
    `The program has no component ${list(unknown)}. It has: ${list(known) || 'none'}.`,
    { missing: [], unknown },
  );
}
