import type { Step } from 'gepa-core';
import { stepsOf, walkSteps } from 'gepa-core/adapter';
import { isNode, type Node } from '../program/node.ts';

/**
 * Removes from a component's model calls the messages that the trace shows earlier: the messages of the call before,
 * its answer, and the tool results. Also removes steps that only route a graph. For readers, human or model.
 */
export function deduplicateMessages(trace: readonly Step[], component: string): readonly Step[] {
  const calls = new Set(stepsOf(trace, component).filter(({ kind }) => kind === 'model'));
  if (calls.size === 0) return trace;
  const shown = new Set<string>();
  let previousInput: readonly unknown[] = [];

  const deduplicate = (step: Step): Step[] => {
    if (calls.has(step)) {
      const input = newMessages(step.input);
      previousInput = Array.isArray(step.input) ? step.input : [];
      markShown(step.output);
      return [{ ...step, input }];
    }
    const { children = [] } = step;
    if ([...walkSteps(children)].some((inner) => calls.has(inner))) {
      return [{ ...step, children: children.flatMap(deduplicate) }];
    }
    if (isRouting(step)) return [];
    markShown(step.output);
    return [step];
  };
  const newMessages = (input: unknown): unknown => {
    const continuesPrevious =
      Array.isArray(input) &&
      previousInput.length > 0 &&
      previousInput.every((message, i) => isSame(message, input[i]));
    if (!continuesPrevious) return input;
    const added = input.slice(previousInput.length);
    const left = added.filter((message) => !shown.has(messageKey(message)));
    if (left.length === added.length) return input;
    const rest = 'the same as in the call before, its answer and what came of it';
    return left.length === 0 ? `[${rest}]` : [`[${rest}, then:]`, ...left];
  };
  const markShown = (output: unknown) => {
    shown.add(messageKey(output));
    for (const message of messagesIn(output)) shown.add(messageKey(message));
  };
  return trace.flatMap(deduplicate);
}

/** Equal for the same content, whether it is a message of a conversation or a model's answer (text or tool calls). */
export function messageKey(message: unknown): string {
  const { role = 'ai', content, toolCalls } = isNode(message) ? message : { content: message };
  return JSON.stringify([role, content, toolCalls]);
}

function* messagesIn(value: unknown): Generator<Node> {
  if (!isNode(value)) return;
  if (typeof value.role === 'string') yield value;
  else for (const item of Object.values(value)) yield* messagesIn(item);
}

/** A condition's step, whose output is the next node, or a state write as older versions of LangGraph trace it. */
function isRouting({ name, output }: Step): boolean {
  const targets = Array.isArray(output) ? output : [output];
  const isTarget = (target: unknown) =>
    typeof target === 'string' && /^(__end__|\[goes on to .*\])$/.test(target);
  return name.startsWith('ChannelWrite<') || (targets.length > 0 && targets.every(isTarget));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
