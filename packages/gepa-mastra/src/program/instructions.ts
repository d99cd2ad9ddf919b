import type { AgentInstructions } from '@mastra/core/agent';
import { isPromise } from './program.ts';

/** The text of instructions in any of their forms; the parts of a list stand one below the other. */
export function textOf(instructions: AgentInstructions | undefined): string {
  const parts = Array.isArray(instructions) ? instructions : [instructions];
  return parts
    .map((part) => (typeof part === 'object' ? contentOf(part.content) : (part ?? '')))
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Instructions with another text, in the form of the first part: what a provider is told beside it is kept. */
export function withText(instructions: AgentInstructions | undefined, text: string): AgentInstructions {
  const first = Array.isArray(instructions) ? instructions[0] : instructions;
  return typeof first === 'object' ? ({ ...first, content: text } as AgentInstructions) : text;
}

/** The same for what may be a promise. */
export function whenKnown<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Result> {
  return isPromise(value) ? value.then(use) : use(value);
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
}
