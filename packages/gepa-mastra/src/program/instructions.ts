import type { Agent, AgentInstructions } from '@mastra/core/agent';
import { isPromise } from './maybe-promise.ts';

/** The text of instructions in any form. The parts of a list are separated by blank lines. */
export function textOf(instructions: AgentInstructions | undefined): string {
  const parts = Array.isArray(instructions) ? instructions : [instructions];
  return parts
    .map((part) => (typeof part === 'object' ? contentOf(part.content) : (part ?? '')))
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Replaces the text of instructions. A system message keeps its other properties, such as provider options. */
export function withText(instructions: AgentInstructions | undefined, text: string): AgentInstructions {
  const first = Array.isArray(instructions) ? instructions[0] : instructions;
  return typeof first === 'object' ? ({ ...first, content: text } as AgentInstructions) : text;
}

/** The instructions that an agent uses: those of its default options override its own. */
export function effectiveInstructions(
  agent: Agent,
  context: Parameters<Agent['getInstructions']>[0],
): AgentInstructions | Promise<AgentInstructions> {
  const defaults = agent.getDefaultOptions(context);
  const instructions = isPromise(defaults) ? undefined : defaults.instructions;
  return instructions || agent.getInstructions(context);
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
}
