import { isNode, type MessageNode, type Node } from '../program/node.ts';

/** Makes plain data of what a message holds. */
type ToPlain = (value: unknown) => unknown;

/** A message as the reflection model and people read it. */
export interface PlainMessage {
  /** `system`, `human`, `ai`, `tool`, or the role of a message of another kind. */
  readonly role: string;
  /** Text where the content is only text, else its parts. */
  readonly content: unknown;
  readonly name?: string;
  readonly toolCalls?: readonly PlainToolCall[];
}

export interface PlainToolCall {
  readonly name: string;
  readonly args: unknown;
  readonly id?: string;
}

export function plainMessage(message: MessageNode, toPlain: ToPlain): PlainMessage {
  const toolCalls = toolCallsOf(message, toPlain);
  return {
    role: typeof message.role === 'string' ? message.role : message._getType(),
    ...(typeof message.name === 'string' ? { name: message.name } : {}),
    content: textOf(message.content) ?? toPlain(message.content),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

/** The text of a message's content, or `undefined` where the content has other parts too. */
export function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const parts = content.map((part) => (isNode(part) && part.type === 'text' ? part.text : undefined));
  return parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
}

function toolCallsOf(message: Node, toPlain: ToPlain): PlainToolCall[] {
  const { tool_calls: good, invalid_tool_calls: bad } = message;
  return [good, bad]
    .flatMap((calls) => (Array.isArray(calls) ? calls : []))
    .filter(isNode)
    .map(({ name, args, id }) => ({
      name: String(name),
      args: toPlain(args),
      ...(typeof id === 'string' ? { id } : {}),
    }));
}
