import type { Step } from 'gepa-core';
import { stepsOf, walkSteps } from 'gepa-core/adapter';
import { isNode, type Node } from '../program/node.ts';

/**
 * A trace for people and models to read, in which no turn of a conversation tells again what the turns before it told:
 * the messages before, the answer given to them, and what the tools made of that. Steps that say no more than where a
 * graph goes on are left out.
 */
export function toldOnce(trace: readonly Step[], component: string): readonly Step[] {
  const calls = new Set(stepsOf(trace, component).filter(({ kind }) => kind === 'model'));
  if (calls.size === 0) return trace;
  const told = new Set<string>();
  let before: readonly unknown[] = [];

  const retell = (step: Step): Step[] => {
    if (calls.has(step)) {
      const { input } = step;
      const left = withoutTold(input);
      before = Array.isArray(input) ? input : [];
      note(step.output);
      return [{ ...step, input: left }];
    }
    const { children = [] } = step;
    if ([...walkSteps(children)].some((inner) => calls.has(inner))) {
      return [{ ...step, children: children.flatMap(retell) }];
    }
    if (isPlumbing(step)) return [];
    note(step.output);
    return [step];
  };
  const withoutTold = (input: unknown): unknown => {
    if (!Array.isArray(input) || before.length === 0 || !before.every((one, i) => isSame(one, input[i]))) {
      return input;
    }
    const later = input.slice(before.length);
    const left = later.filter((message) => !told.has(keyOf(message)));
    if (left.length === later.length) return input;
    const rest = 'the same as in the call before, its answer and what came of it';
    return left.length === 0 ? `[${rest}]` : [`[${rest}, then:]`, ...left];
  };
  const note = (output: unknown) => {
    told.add(keyOf(output));
    for (const message of messagesIn(output)) told.add(keyOf(message));
  };
  return trace.flatMap(retell);
}

/** What a message says, whether it stands alone as an answer, as text or with calls, or in a conversation. */
export function keyOf(said: unknown): string {
  const { role = 'ai', content, toolCalls } = isNode(said) ? said : { content: said };
  return JSON.stringify([role, content, toolCalls]);
}

function* messagesIn(value: unknown): Generator<Node> {
  if (!isNode(value)) return;
  if (typeof value.role === 'string') yield value;
  else for (const item of Object.values(value)) yield* messagesIn(item);
}

/** Where a graph goes on, as a condition tells it, and what older versions of LangGraph tell of writing to its state. */
function isPlumbing({ name, output }: Step): boolean {
  const ways = Array.isArray(output) ? output : [output];
  const isWay = (way: unknown) => typeof way === 'string' && /^(__end__|\[goes on to .*\])$/.test(way);
  return name.startsWith('ChannelWrite<') || (ways.length > 0 && ways.every(isWay));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
