import type { Agent } from '@mastra/core/agent';

/** One block of instructions that were written in Studio. */
export type InstructionBlock =
  | { readonly type: 'text' | 'prompt_block'; readonly content: string; readonly rules?: unknown }
  | PromptBlockReference;

/** A prompt block that is stored on its own, for several agents. Without `content`, the published one is used. */
export interface PromptBlockReference {
  readonly type: 'prompt_block_ref';
  readonly id: string;
  readonly content?: string;
  readonly rules?: unknown;
}

/** The blocks that instructions consist of; undefined for other instructions. */
export function blocksOf(instructions: unknown): readonly InstructionBlock[] | undefined {
  const isBlock = (value: { readonly type?: unknown } | null) =>
    /^(text|prompt_block(_ref)?)$/.test(String(value?.type));
  return Array.isArray(instructions) && instructions.length > 0 && instructions.every(isBlock)
    ? instructions
    : undefined;
}

/** The blocks of an agent that was created in Studio. */
export function storedBlocks(agent: Agent): readonly InstructionBlock[] | undefined {
  return blocksOf((agent as Partial<Agent>).toRawConfig?.()?.instructions);
}

/** `{{name}}`, `{{user.name}}` or `{{name || 'default'}}`. */
export const placeholder = /\{\{\s*([a-zA-Z_][\w.]*)\s*(?:\|\|\s*(?:'[^']*'|"[^"]*")\s*)?\}\}/g;

/**
 * The text of a block as a component has it: each variable is written as `{name}`, or with a number, `{name_2}`, where
 * the block has that text or the name with another default.
 */
export function blockText(content: string): {
  readonly text: string;
  readonly variables: readonly string[];
  /** By variable, as the block has it. */
  readonly placeholders: ReadonlyMap<string, string>;
} {
  const placeholders = new Map<string, string>();
  const literals = content.replace(placeholder, '');
  const variableOf = (own: string, name: string) => {
    for (let number = 1; ; number++) {
      const variable = number === 1 ? name : `${name}_${number}`;
      const known = placeholders.get(variable) ?? own;
      if (known.replaceAll(' ', '') !== own.replaceAll(' ', '') || literals.includes(`{${variable}}`))
        continue;
      placeholders.set(variable, known);
      return variable;
    }
  };
  const text = content.replace(placeholder, (own, name: string) => `{${variableOf(own, name)}}`);
  return { text, variables: [...placeholders.keys()], placeholders };
}
