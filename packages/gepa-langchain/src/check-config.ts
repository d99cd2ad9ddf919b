import { OptionsError } from 'gepa-core';
import { anObject, type Kind } from 'gepa-core/load';
import { type GepaOptions, textKinds } from './options.ts';
import { isNode } from './program/node.ts';

/** What each option of `gepa` must be. */
export const optionKinds = {
  ...textKinds,
  config: {
    words: 'an object, as the second argument of `invoke`, or a function that returns one',
    is: (value) => anObject.is(value) || typeof value === 'function',
  },
} satisfies Record<keyof GepaOptions, Kind>;

/** Fields of `configurable` that keep the conversations of rollouts apart, for LangGraph and for message histories. */
const sessions = { thread_id: 'thread', sessionId: 'session' } as const;

/**
 * Refuses a config that makes all rollouts share a conversation.
 *
 * @throws {OptionsError}
 */
export function checkConfig(config: GepaOptions['config']): void {
  if (config === undefined || typeof config === 'function') return;
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
