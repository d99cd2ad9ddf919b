import type { SearchOptions } from 'gepa-core';
import type { Outcome } from './task.ts';

/** A search is a set of options. */
export type Search = Partial<SearchOptions<number, Outcome, undefined, string>>;

/** The searches that the table can compare, by name. */
export const searches: Readonly<Record<string, Search>> = {
  reference: { search: 'reference' },
  adaptive: { search: 'adaptive' },
  'adaptive-round-robin': { search: 'adaptive', componentSelector: 'round_robin' },
  'adaptive-2': { search: 'adaptive', parallelProposals: 2 },
  'adaptive-4': { search: 'adaptive', parallelProposals: 4 },
  'adaptive-8': { search: 'adaptive', parallelProposals: 8 },
  'adaptive-auto': { search: 'adaptive', parallelProposals: 'auto' },
};
