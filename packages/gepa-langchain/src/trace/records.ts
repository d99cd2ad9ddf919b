import type { ReflectiveRecord, Rollout } from 'gepa-core';
import { defaultRecords, stepsOf } from 'gepa-core/adapter';
import { isNode } from '../program/node.ts';
import { toPlain } from './plain.ts';
import { keyOf, toldOnce } from './told-once.ts';

/**
 * What the reflection model is shown of each rollout: LangChain's objects in plain words and the turns of an agent one
 * after the other. What the turns have shown is not repeated.
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
    rollouts: rollouts.map((one) => plainRollout(one, component)),
  });
}

function plainRollout(rollout: Rollout<unknown, unknown>, component: string): Rollout<unknown, unknown> {
  const { example, output, trace = [] } = rollout;
  const answer = stepsOf(trace, component).findLast(({ kind }) => kind === 'model')?.output;
  const shown = toPlain(output);
  return {
    ...rollout,
    example: isNode(example) && 'input' in example ? { ...example, input: toPlain(example.input) } : example,
    ...(output === undefined
      ? {}
      : { output: answer === undefined ? shown : withLastMessage(shown, answer) }),
    ...(rollout.trace === undefined ? {} : { trace: toldOnce(rollout.trace, component) }),
  };
}

/** The state an agent ends with, without the conversation up to its last message, and without the answer shown last. */
function withLastMessage(output: unknown, answer: unknown): unknown {
  if (!isNode(output) || !Array.isArray(output.messages) || output.messages.length < 2) return output;
  const messages: readonly unknown[] = output.messages;
  const before = messages.length - 1;
  const left = `[${before} ${before === 1 ? 'message' : 'messages'} before]`;
  const last = messages.at(-1);
  return { ...output, messages: [left, keyOf(last) === keyOf(answer) ? '[the last answer above]' : last] };
}
