export { type DiscoverOptions, type Discovery, discover } from './discover.ts';
export { componentsKey, type RewriteOptions, rewrite } from './rewrite.ts';
export type { Inspected, Skipped } from './survey.ts';
