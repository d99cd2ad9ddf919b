import type { Agent, AgentInstructions } from '@mastra/core/agent';
import type { Mastra } from '@mastra/core/mastra';
import { RequestContext } from '@mastra/core/request-context';
import type { InstructionBlock } from './instruction-blocks.ts';
import { mapMaybePromise, readSync } from './maybe-promise.ts';
import { renderBlocks, withBlockTexts } from './prompt-blocks.ts';

/** The texts of instructions: one, or one for each item of a list. */
export function textsOf(instructions: AgentInstructions | undefined): string[] {
  return itemsOf(instructions).map((item) =>
    typeof item === 'object' ? contentOf(item.content) : (item ?? ''),
  );
}

/** The text of instructions in any form. The items of a list are separated by blank lines. */
export function textOf(instructions: AgentInstructions | undefined): string {
  return textsOf(instructions)
    .filter((text) => text !== '')
    .join('\n\n');
}

/**
 * Replaces texts of instructions, by their position in the list. System messages keep their other properties, such as
 * provider options.
 */
export function withTexts(
  instructions: AgentInstructions | undefined,
  texts: ReadonlyMap<number, string>,
): AgentInstructions {
  const replaced = itemsOf(instructions).map((item, position) => {
    const text = texts.get(position);
    if (text === undefined) return item;
    return typeof item === 'object' ? { ...item, content: text } : text;
  });
  return (Array.isArray(instructions) ? replaced : replaced[0]) as AgentInstructions;
}

/** The arguments of a function that makes instructions. */
export interface InstructionsContext {
  readonly requestContext?: RequestContext;
  readonly mastra?: Mastra;
}

/** Makes new instructions of the agent's own ones. */
export type InstructionsChange = (
  own: AgentInstructions,
  context?: InstructionsContext,
) => AgentInstructions | Promise<AgentInstructions>;

/** The change that gives instructions new texts, by position in their list or among their blocks. */
export function textsChange(
  agent: Agent,
  texts: ReadonlyMap<number, string>,
  blocks?: readonly InstructionBlock[],
): InstructionsChange {
  if (blocks === undefined) return (own) => withTexts(own, texts);
  const changed = withBlockTexts(blocks, texts);
  return (_, { requestContext, mastra } = {}) =>
    renderBlocks(changed, mastra ?? agent.getMastraInstance(), requestContext ?? new RequestContext());
}

/**
 * Changes the instructions of an agent the way Studio does, so that a draft can replace them. Returns a function that
 * restores them.
 */
export function replaceInstructions(agent: Agent, change: InstructionsChange): () => void {
  const { getInstructions } = agent;
  const isOverridden = getInstructions !== (Object.getPrototypeOf(agent) as Agent).getInstructions;
  const fields = isOverridden ? undefined : (agent as Partial<Agent>).__getOverridableFields?.();
  if (fields === undefined) {
    agent.getInstructions = (args) =>
      mapMaybePromise(getInstructions.call(agent, args), (own) =>
        change(own, args),
      ) as Promise<AgentInstructions>;
    return () => {
      agent.getInstructions = getInstructions;
    };
  }
  const { instructions } = fields;
  agent.__updateInstructions(
    typeof instructions === 'function'
      ? (args) =>
          mapMaybePromise(instructions(args), (own) => change(own, args)) as Promise<AgentInstructions>
      : (change(instructions) as AgentInstructions),
  );
  return () => agent.__updateInstructions(instructions);
}

interface Defaults {
  readonly instructions?: AgentInstructions;
}

/** The instructions in the default options of an agent, unless the options are asynchronous. */
export function defaultInstructions(
  agent: Agent,
  context: Parameters<Agent['getDefaultOptions']>[0],
): AgentInstructions | false | undefined {
  const defaults = readSync<Defaults>(() => agent.getDefaultOptions(context) as Defaults);
  return 'value' in defaults && defaults.value.instructions;
}

/**
 * The instructions that an agent uses: those of its default options override its own.
 *
 * @param contextOfOptions the context for the default options, if it is another.
 */
export function effectiveInstructions(
  agent: Agent,
  context: Parameters<Agent['getInstructions']>[0],
  contextOfOptions = context,
): AgentInstructions | Promise<AgentInstructions> {
  return defaultInstructions(agent, contextOfOptions) || agent.getInstructions(context);
}

type Item = string | { readonly content: unknown } | undefined;

function itemsOf(instructions: AgentInstructions | undefined): readonly Item[] {
  return Array.isArray(instructions) ? instructions : [instructions as Item];
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
}
