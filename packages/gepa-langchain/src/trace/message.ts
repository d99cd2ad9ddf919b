import { isNode, type MessageNode, type Node } from '../program/node.ts';

/** Converts the parts of a message to plain data. */
type ToPlain = (value: unknown) => unknown;

/** A message as plain data. */
export interface PlainMessage {
  /** `system`, `human`, `ai`, `tool`, or the role of a custom message. */
  readonly role: string;
  /** A string if the content is only text, else its parts. */
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
    content: contentOf(message, toolCalls.length > 0, toPlain),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

/** Providers also put the tool calls of an answer among the parts of its content, each in a form of its own. */
function contentOf({ content }: MessageNode, hasToolCalls: boolean, toPlain: ToPlain): unknown {
  const others =
    hasToolCalls && Array.isArray(content) ? content.filter((part) => !isToolCallPart(part)) : content;
  return textOf(others) ?? toPlain(others);
}

function isToolCallPart(part: unknown): boolean {
  return isNode(part) && (toolCallParts.has(part.type) || isNode(part.functionCall));
}

const toolCallParts: ReadonlySet<unknown> = new Set([
  'tool_use',
  'tool_call',
  'tool_call_chunk',
  'invalid_tool_call',
  'function_call',
  'functionCall',
  'input_json_delta',
]);

/** The text of a message's content; `undefined` when the content has parts that are not text. */
export function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const parts = content.map((part) => (isNode(part) && part.type === 'text' ? part.text : undefined));
  return parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
}

function toolCallsOf(message: Node, toPlain: ToPlain): PlainToolCall[] {
  const { tool_calls: valid, invalid_tool_calls: invalid } = message;
  return [valid, invalid]
    .flatMap((calls) => (Array.isArray(calls) ? calls : []))
    .filter(isNode)
    .map(({ name, args, id }) => ({
      name: String(name),
      args: toPlain(args),
      ...(typeof id === 'string' ? { id } : {}),
    }));
}
