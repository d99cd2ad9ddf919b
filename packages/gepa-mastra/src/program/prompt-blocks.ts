import type { Agent } from '@mastra/core/agent';
import type { Mastra } from '@mastra/core/mastra';
import type { RequestContext } from '@mastra/core/request-context';
import { GepaError } from 'gepa-core/load';
import type { AgentLike } from './program.ts';

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
  const isBlock = (value: unknown) => {
    const { type, content, id } = (value ?? {}) as Partial<Record<string, unknown>>;
    return type === 'prompt_block_ref'
      ? typeof id === 'string'
      : (type === 'text' || type === 'prompt_block') && typeof content === 'string';
  };
  return Array.isArray(instructions) && instructions.length > 0 && instructions.every(isBlock)
    ? instructions
    : undefined;
}

/**
 * The blocks of instructions that were written in Studio, with the published contents of those that they refer to: for
 * the option `texts`, which is needed when the agent is defined in code, or refers to blocks.
 *
 * @throws {GepaError} when the instructions have no blocks.
 */
export async function instructionBlocks(agent: AgentLike): Promise<readonly InstructionBlock[]> {
  const { toRawConfig, getMastraInstance } = agent as unknown as Partial<Agent>;
  const { instructions, resolvedVersionId } = toRawConfig?.call(agent as never) ?? {};
  const storage = getMastraInstance?.call(agent as never)?.getStorage();
  const version =
    typeof resolvedVersionId === 'string' && blocksOf(instructions) === undefined
      ? await (await storage?.getStore('agents'))?.getVersion(resolvedVersionId)
      : undefined;
  const blocks = blocksOf(instructions) ?? blocksOf(version?.instructions);
  if (blocks === undefined) {
    throw new GepaError(
      `The instructions of ${agent.id} have no blocks. Pass an agent with a version from Studio: await mastra.getAgentById('${agent.id}', { status: 'published' }).`,
    );
  }
  const store = await storage?.getStore('promptBlocks');
  return Promise.all(
    blocks.map(async (block) => {
      if (block.type !== 'prompt_block_ref') return block;
      const stored = await store?.getByIdResolved(block.id);
      return stored?.status === 'published' ? { ...block, ...contentOf(stored) } : block;
    }),
  );
}

function contentOf({ content, rules }: { readonly content: string; readonly rules?: unknown }) {
  return { content, ...(rules === undefined ? {} : { rules }) };
}

/** The blocks of an agent that was created in Studio. */
export function storedBlocks(agent: Agent): readonly InstructionBlock[] | undefined {
  return blocksOf((agent as Partial<Agent>).toRawConfig?.()?.instructions);
}

/** `{{name}}`, `{{user.name}}` or `{{name || 'default'}}`. */
const placeholder = /\{\{\s*([a-zA-Z_][\w.]*)\s*(?:\|\|\s*(?:'[^']*'|"[^"]*")\s*)?\}\}/g;

/** The text of a block as a component has it: each variable is written as `{name}`. */
export function blockText(content: string): { readonly text: string; readonly variables: readonly string[] } {
  const variables = new Set<string>();
  const text = content.replace(placeholder, (_, name: string) => {
    variables.add(name);
    return `{${name}}`;
  });
  return { text, variables: [...variables] };
}

/**
 * Replaces the texts of blocks, by position. Placeholders keep their defaults. Only references with another text have a
 * content.
 */
export function withBlockTexts(
  blocks: readonly InstructionBlock[],
  texts: ReadonlyMap<number, string>,
): readonly InstructionBlock[] {
  return blocks.map((block, position) => {
    const text = texts.get(position);
    if (text === undefined || block.content === undefined || text === blockText(block.content).text)
      return block.type === 'prompt_block_ref' ? { type: block.type, id: block.id } : block;
    let content = text;
    for (const [own, name] of block.content.matchAll(placeholder)) {
      // What is a placeholder already is left alone.
      content = content.replaceAll(
        new RegExp(`(?<!\\{)\\{${name!.replaceAll('.', '\\.')}\\}(?!\\})`, 'g'),
        () => own,
      );
    }
    return { ...block, content };
  });
}

/** The instructions that blocks make for a request, as the editor of the Mastra instance renders them. */
export async function renderBlocks(
  blocks: readonly InstructionBlock[],
  mastra: Mastra | undefined,
  requestContext: RequestContext,
): Promise<string> {
  const editor = mastra?.getEditor();
  if (editor === undefined) {
    throw new GepaError(
      'Instructions with prompt blocks need the editor of a Mastra instance: register the agent there.',
    );
  }
  const store = await mastra?.getStorage()?.getStore('promptBlocks');
  // The editor would take drafts of referenced blocks; agents use the published ones.
  const resolved = await Promise.all(
    blocks.map(async (block) => {
      if (block.type !== 'prompt_block_ref') return [block];
      const { content } = block;
      if (content !== undefined) return [{ type: 'prompt_block', ...contentOf({ ...block, content }) }];
      const stored = await store?.getByIdResolved(block.id);
      return stored?.status === 'published' ? [{ type: 'prompt_block', ...contentOf(stored) }] : [];
    }),
  );
  return editor.prompt.preview(resolved.flat() as never, requestContext.toJSON());
}
