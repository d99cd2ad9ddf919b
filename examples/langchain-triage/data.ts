/** Support tickets of Larkspur, a fictional maker of planning boards. The three sets have no ticket in common. */
export { test } from './data/test.ts';
export { train } from './data/train.ts';
export { validation } from './data/validation.ts';
