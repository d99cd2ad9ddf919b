import type { CallOptions, PromptMessage, PromptPart } from './model-call.ts';
import { toPlain } from './plain.ts';

/** The input of a model call as plain data for a trace. */
export function plainPrompt({ prompt }: CallOptions): unknown[] {
  return prompt.map(plainMessage);
}

/** A tool call as plain data. Arguments that are JSON text are parsed. */
export function plainToolCall(name: string | undefined, input: unknown): { name: string; args: unknown } {
  return { name: name ?? '', args: typeof input === 'string' ? parsed(input) : toPlain(input) };
}

function plainMessage({ role, content }: PromptMessage): unknown {
  if (typeof content === 'string') return { role, content: toPlain(content) };
  const calls = content.filter(({ type }) => type === 'tool-call');
  const others = content.filter(({ type }) => type !== 'tool-call').map(plainPart);
  return {
    role,
    content: others.every((part) => typeof part === 'string') ? others.join('') : others,
    ...(calls.length === 0
      ? {}
      : { toolCalls: calls.map(({ toolName, input }) => plainToolCall(toolName, input)) }),
  };
}

function plainPart(part: PromptPart): unknown {
  if (part.type === 'text') return toPlain(part.text ?? '');
  if (part.type === 'reasoning') return { reasoning: part.text };
  if (part.type === 'tool-result') return { tool: part.toolName, ...plainResult(part.output) };
  return toPlain(part);
}

function plainResult(output: PromptPart['output']): Record<string, unknown> {
  const value = toPlain(output?.value ?? output?.reason);
  return output?.type.startsWith('error') ? { error: value } : { result: value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
