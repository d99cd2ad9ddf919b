import { OptionsError, type Tunable } from 'gepa-core';
import { checkOptionNames } from 'gepa-core/adapter';
import type { GepaOptions } from './gepa.ts';
import { isNode } from './program/node.ts';

/**
 * Refuses what types would show as a mistake, before anything trips over it.
 * @throws {OptionsError} with all that is wrong.
 */
export function checkOptions(options: GepaOptions): void {
  if (!isNode(options) || Array.isArray(options)) throw new OptionsError(['The options must be an object.']);
  checkOptionNames(options, Object.keys(shape));
  const problems = Object.entries(shape).flatMap(([name, { fits, must }]) => {
    const value = options[name];
    return value === undefined || fits(value) ? [] : [`\`${name}\` must be ${must}.`];
  });
  if (problems.length > 0) throw new OptionsError(problems);
  if (isNode(options.config) && isNode(options.config.configurable)) checkThread(options.config.configurable);
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

const shape = {
  config: {
    fits: (value) => typeof value === 'function' || (isNode(value) && !Array.isArray(value)),
    must: 'an object such as the second argument of `invoke`, or a function that makes one',
  },
  tunables: {
    fits: (value) => Array.isArray(value) && value.every(isTunable),
    must: 'a list of what `tunable(name, text)` makes',
  },
  tools: { fits: (value) => typeof value === 'boolean', must: '`true` or `false`' },
  include: { fits: areTexts, must: 'a list of names' },
  exclude: { fits: areTexts, must: 'a list of names' },
  rename: {
    fits: (value) => isNode(value) && !Array.isArray(value) && Object.values(value).every(isText),
    must: 'an object of new names by found names',
  },
} satisfies Record<keyof GepaOptions, { fits(value: unknown): boolean; must: string }>;

function isTunable(value: unknown): value is Tunable {
  return isNode(value) && isText(value.name) && isNode(value.component);
}

function checkThread(configurable: object): void {
  if ((configurable as { thread_id?: unknown }).thread_id === undefined) return;
  throw new OptionsError([
    '`config` gives all rollouts one thread, so that each would see the conversations of the others. ' +
      'Leave `thread_id` out (every rollout gets one of its own), or give a function that makes a config for each rollout.',
  ]);
}
