import { defaultRecords, type ReflectiveRecord, type Rollout, stepsOf } from 'gepa-core';
import { isNode } from '../program/node.ts';
import { toPlain } from './plain.ts';

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
  const turns = stepsOf(trace, component).filter(({ kind }) => kind === 'model').length;
  const shown = toPlain(output);
  return {
    ...rollout,
    example: isNode(example) && 'input' in example ? { ...example, input: toPlain(example.input) } : example,
    ...(output === undefined ? {} : { output: turns === 0 ? shown : withLastMessage(shown) }),
  };
}

/** The state an agent ends with, without the conversation up to its last message. */
function withLastMessage(output: unknown): unknown {
  if (!isNode(output) || !Array.isArray(output.messages) || output.messages.length < 2) return output;
  const { messages, ...rest } = output;
  const before = (messages as unknown[]).length - 1;
  return {
    ...rest,
    messages: [`[${before} ${before === 1 ? 'message' : 'messages'} before]`, (messages as unknown[]).at(-1)],
  };
}
