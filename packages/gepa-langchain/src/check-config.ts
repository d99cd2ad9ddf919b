import { OptionsError } from 'gepa-core';
import type { CheckedOption, GepaOptions } from './options.ts';
import { isNode } from './program/node.ts';

/** What each option and each of its entries must be. */
export const expectedOptions: Readonly<Record<CheckedOption, readonly [whole: string, entry?: string]>> = {
  tunables: ['an array of results of `tunable(name, text)`', 'a result of `tunable(name, text)`'],
  parts: [
    'an object of parts by name, as in `{ agent }`',
    'a text that is not empty, or a prompt, message, runnable, agent or graph',
  ],
  tools: ['`true` or `false`'],
  include: ['an array of names', 'a name'],
  exclude: ['an array of names', 'a name'],
  rename: ['an object that maps found names to new names', 'a new name'],
  variables: ['an object of lists of words by component', 'a list of words'],
};

/** Fields of `configurable` that keep the conversations of rollouts apart, for LangGraph and for message histories. */
const sessions = { thread_id: 'thread', sessionId: 'session' } as const;

/**
 * Refuses an invalid config, and a config that makes all rollouts share a conversation.
 *
 * @throws {OptionsError}
 */
export function checkConfig(config: GepaOptions['config']): void {
  if (config === undefined || typeof config === 'function') return;
  if (!isNode(config) || Array.isArray(config)) {
    throw new OptionsError([
      '`config` must be an object such as the second argument of `invoke`, or a function that returns one.',
    ]);
  }
  if (!isNode(config.configurable)) return;
  const { configurable } = config;
  const problems = Object.entries(sessions).flatMap(([field, kind]) =>
    configurable[field] === undefined
      ? []
      : [
          `\`config\` sets one \`${field}\` for all rollouts, so each rollout would see the conversations of the others. ` +
            `Remove \`${field}\`${field === 'thread_id' ? ' (every rollout then gets its own)' : ''}, or pass a function that returns a config with a ${kind} for each rollout.`,
        ],
  );
  if (problems.length > 0) throw new OptionsError(problems);
}
