import { OptionsError } from 'gepa-core';
import type { GepaOptions } from './options.ts';
import { isNode } from './program/node.ts';

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
