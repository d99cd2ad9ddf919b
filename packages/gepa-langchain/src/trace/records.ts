import { defaultRecords, type ReflectiveRecord, type Rollout, stepsOf } from 'gepa-core';
import { isNode } from '../program/node-kind.ts';
import { toPlain } from './plain.ts';
import { usageOfSteps } from './steps.ts';

/** Of more calls than these only the first, which shows the task, and the latest are shown. */
const latestCalls = 9;

/**
 * What the reflection model is shown of each rollout: LangChain's objects in plain words, the turns of an agent one
 * after the other, and what they cost. What the turns have shown is not repeated.
 */
export function reflectiveRecords({
  component,
  rollouts,
}: {
  readonly component: string;
  readonly rollouts: readonly Rollout<unknown, unknown>[];
}): ReflectiveRecord[] {
  const records = defaultRecords({
    component,
    rollouts: rollouts.map((one) => plainRollout(one, component)),
  });
  return records.map((record, i) => withTokens(withLatestCalls(record), rollouts[i]!));
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

function withLatestCalls(record: ReflectiveRecord): ReflectiveRecord {
  const { Calls: calls } = record;
  if (!Array.isArray(calls) || calls.length <= latestCalls + 1) return record;
  const note = `[${calls.length - latestCalls - 1} calls left out]`;
  return { ...record, Calls: [calls[0], note, ...calls.slice(-latestCalls)] };
}

function withTokens(record: ReflectiveRecord, { trace = [] }: Rollout<unknown, unknown>): ReflectiveRecord {
  const { modelCalls, inputTokens, outputTokens } = usageOfSteps(trace);
  if (inputTokens + outputTokens === 0) return record;
  const tokens = `${inputTokens} sent and ${outputTokens} written in ${modelCalls} model ${modelCalls === 1 ? 'call' : 'calls'}`;
  return Object.fromEntries(
    Object.entries(record).flatMap((entry) => (entry[0] === 'Score' ? [['Tokens', tokens], entry] : [entry])),
  );
}
