import type { ReflectiveRecord, Rollout } from 'gepa-core';
import { defaultRecords, stepsOf } from 'gepa-core/adapter';
import { isNode } from '../program/node.ts';
import { deduplicateMessages, messageKey } from './deduplicate-messages.ts';
import { toPlain } from './plain.ts';

/**
 * The records shown to the reflection model, one per rollout: LangChain's objects as plain data, the turns of an agent
 * in order, each message once.
 */
export function reflectiveRecords({
  component,
  rollouts,
}: {
  readonly component: string;
  readonly rollouts: readonly Rollout<unknown, unknown>[];
}): ReflectiveRecord[] {
  return defaultRecords({
    component,
    rollouts: rollouts.map((rollout) => plainRollout(rollout, component)),
  });
}

function plainRollout(rollout: Rollout<unknown, unknown>, component: string): Rollout<unknown, unknown> {
  const { example, output, trace = [] } = rollout;
  const lastAnswer = stepsOf(trace, component).findLast(({ kind }) => kind === 'model')?.output;
  const plainOutput = toPlain(output);
  return {
    ...rollout,
    example: isNode(example) && 'input' in example ? { ...example, input: toPlain(example.input) } : example,
    ...(output === undefined
      ? {}
      : { output: lastAnswer === undefined ? plainOutput : withLastMessageOnly(plainOutput, lastAnswer) }),
    ...(rollout.trace === undefined ? {} : { trace: deduplicateMessages(rollout.trace, component) }),
  };
}

/** Shortens the final state of an agent: the trace shows its conversation, and perhaps its last message, already. */
function withLastMessageOnly(output: unknown, lastAnswer: unknown): unknown {
  if (!isNode(output) || !Array.isArray(output.messages) || output.messages.length < 2) return output;
  const messages: readonly unknown[] = output.messages;
  const before = messages.length - 1;
  const left = `[${before} ${before === 1 ? 'message' : 'messages'} before]`;
  const last = messages.at(-1);
  const isShown = messageKey(last) === messageKey(lastAnswer);
  return { ...output, messages: [left, isShown ? '[the last answer above]' : last] };
}
