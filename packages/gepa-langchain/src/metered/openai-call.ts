import {
  AIMessage,
  type BaseMessage,
  ChatMessage,
  coerceMessageLikeToMessage,
} from '@langchain/core/messages';
import { isNode, type Node } from '../program/node.ts';

/** Converts a call of OpenAI's API to LangChain's types. */
export interface CallReader {
  messages(request: Node): BaseMessage[];
  /** The parameters of the request other than its messages. */
  params(request: Node): Node;
  answer(response: Node): AIMessage;
}

export const readChat: CallReader = {
  messages: ({ messages }) => listOf(messages).map(toMessage),
  params: ({ messages: _, ...params }) => params,
  answer: ({ choices, model, usage }) => {
    const [choice = {}] = listOf(choices);
    const message = isNode(choice.message) ? choice.message : {};
    const calls = listOf(message.tool_calls).map((call) => ({ id: call.id, ...(call.function as Node) }));
    return toAnswer({
      text: message.content,
      calls,
      model,
      reason: choice.finish_reason,
      input: tokens(usage, 'prompt_tokens'),
      output: tokens(usage, 'completion_tokens'),
      total: tokens(usage, 'total_tokens'),
    });
  },
};

export const readResponses: CallReader = {
  messages: ({ instructions, input }) => [
    ...(typeof instructions === 'string' ? [toMessage({ role: 'system', content: instructions })] : []),
    ...(typeof input === 'string'
      ? [toMessage({ role: 'user', content: input })]
      : listOf(input).map(toMessage)),
  ],
  params: ({ instructions: _instructions, input: _input, ...params }) => params,
  answer: ({ output, model, status, usage }) => {
    const items = listOf(output);
    const texts = items.flatMap(({ content }) => listOf(content).flatMap(({ text }) => text ?? []));
    const calls = items.filter(({ type }) => type === 'function_call');
    return toAnswer({
      text: texts.join(''),
      calls: calls.map(({ call_id: id, name, arguments: args }) => ({ id, name, arguments: args })),
      model,
      reason: status,
      input: tokens(usage, 'input_tokens'),
      output: tokens(usage, 'output_tokens'),
      total: tokens(usage, 'total_tokens'),
    });
  },
};

interface AnswerFields {
  readonly text: unknown;
  readonly calls: readonly Node[];
  readonly model: unknown;
  readonly reason: unknown;
  /** `NaN`: not reported. */
  readonly input: number;
  readonly output: number;
  readonly total: number;
}

function toAnswer({ text, calls, model, reason, input, output, total }: AnswerFields): AIMessage {
  const toolCalls = calls.map(({ id, name, arguments: args }) => ({
    name: String(name),
    args: parseArguments(args),
    id: typeof id === 'string' ? id : undefined,
  }));
  return Object.assign(
    new AIMessage({ content: typeof text === 'string' ? text : '', tool_calls: toolCalls }),
    {
      usage_metadata: { input_tokens: input, output_tokens: output, total_tokens: total },
      response_metadata: { model_name: model, finish_reason: reason },
    },
  );
}

/** An item that LangChain cannot convert becomes the content of a generic message. */
function toMessage(item: Node): BaseMessage {
  try {
    return coerceMessageLikeToMessage({ ...item, content: item.content ?? '' } as never);
  } catch {
    return new ChatMessage({ role: String(item.role ?? item.type), content: [item] as never });
  }
}

function parseArguments(args: unknown): Record<string, unknown> {
  try {
    return JSON.parse(String(args));
  } catch {
    return { arguments: args };
  }
}

function tokens(usage: unknown, key: string): number {
  const count = isNode(usage) ? usage[key] : undefined;
  return typeof count === 'number' ? count : Number.NaN;
}

function listOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
