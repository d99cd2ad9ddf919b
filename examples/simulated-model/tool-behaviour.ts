import { type ChatMessage, type ChatRequest, type ToolCall, textOf } from './protocol.ts';

/**
 * The call the task model makes before it answers: of the first tool it has not heard from, with what the messages say
 * under the names of the tool's fields (`Account: A-12`).
 */
export function nextToolCall({ messages, tools = [] }: ChatRequest): ToolCall | undefined {
  const heard = messages.filter(({ role }) => role === 'tool').length;
  const tool = tools[heard]?.function;
  if (tool === undefined) return undefined;
  const text = messages.map(textOf).join('\n');
  const args = Object.keys(tool.parameters?.properties ?? {}).flatMap((field) => {
    const value = new RegExp(`^\\W*${field}\\W*:\\s*(\\S.*)$`, 'im').exec(text)?.[1];
    return value === undefined ? [] : [[field, value.trim()] as const];
  });
  return { name: tool.name, args: Object.fromEntries(args) };
}

/** The conversation as one without tools: what they told stands among the instructions. */
export function withoutTools(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const told = messages.filter(({ role }) => role === 'tool').map(textOf);
  const said = messages.filter(({ role }) => role !== 'tool' && role !== 'assistant');
  return told.length === 0 ? messages : [...told.map((content) => ({ role: 'system', content })), ...said];
}
