import type { Agent } from '@mastra/core/agent';
import type { Mastra } from '@mastra/core/mastra';
import type { RequestContext } from '@mastra/core/request-context';
import { blocksOf, blockText, type InstructionBlock } from './instruction-blocks.ts';
import type { AgentLike } from './program.ts';

/**
 * The blocks of instructions that were written in Studio, with the published contents of referenced blocks. For the option
 * `texts`, which is required when the agent is defined in code or refers to blocks.
 *
 * @throws {Error} when the instructions have no blocks.
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
    throw new Error(
      `${agent.id} has no blocks. It needs no option \`texts\`, unless its version in Studio does: await mastra.getAgentById('${agent.id}', { status: 'published' }).`,
    );
  }
  return withContents(blocks, storage);
}

/** Gives references the published contents of their blocks, unless they have one. */
async function withContents(
  blocks: readonly InstructionBlock[],
  storage: ReturnType<Mastra['getStorage']>,
): Promise<readonly InstructionBlock[]> {
  const store = await storage?.getStore('promptBlocks');
  return Promise.all(
    blocks.map(async (block) => {
      if (block.type !== 'prompt_block_ref' || block.content !== undefined) return block;
      const stored = await store?.getByIdResolved(block.id);
      if (stored?.status !== 'published') return block;
      const { content, rules } = stored;
      return { ...block, content, ...(rules === undefined ? {} : { rules }) };
    }),
  );
}

/** Renders blocks to instructions for a request, with the editor of the Mastra instance. */
export async function renderBlocks(
  blocks: readonly InstructionBlock[],
  mastra: Mastra | undefined,
  requestContext: RequestContext,
): Promise<string> {
  const editor = mastra?.getEditor();
  if (editor === undefined) {
    throw new Error('Prompt blocks need the editor of a Mastra instance: register the agent there.');
  }
  // The editor would use drafts of referenced blocks; agents use the published ones.
  const contents = await withContents(blocks, mastra?.getStorage());
  const rendered = contents
    .filter(({ content }) => content !== undefined)
    .map((block) => (block.type === 'prompt_block_ref' ? { ...block, type: 'prompt_block' } : block));
  return editor.prompt.preview(rendered as never, requestContext.toJSON());
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
    const own = blockText(block.content ?? '');
    if (text === undefined || block.content === undefined || text === own.text)
      return block.type === 'prompt_block_ref' ? { type: block.type, id: block.id } : block;
    // What is a placeholder already is left alone.
    const content = text.replaceAll(
      /(?<!\{)\{([\w.]+)\}(?!\})/g,
      (written, variable: string) => own.placeholders.get(variable) ?? written,
    );
    return { ...block, content };
  });
}
