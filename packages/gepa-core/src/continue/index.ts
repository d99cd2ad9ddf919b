/** Loaded only by runs that do not start from the seed alone. */

export { givenTexts } from '../program/given-candidate.ts';
export { EarlierRun } from './earlier-run.ts';
