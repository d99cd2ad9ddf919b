import type { Candidate, Tunable } from 'gepa-core';

/** A candidate taken apart: texts of the program itself, and texts of tunables. */
export function splitCandidate(candidate: Candidate, tunables: readonly Tunable[]) {
  const isTunable = ([name]: readonly [string, string]) => tunables.some((one) => one.name === name);
  const entries = Object.entries(candidate);
  return {
    own: Object.fromEntries(entries.filter((entry) => !isTunable(entry))) as Candidate,
    tuned: Object.fromEntries(entries.filter(isTunable)) as Candidate,
  };
}
