import type { Agent } from '@mastra/core/agent';
import type { Mastra } from '@mastra/core/mastra';
import type { RequestContext } from '@mastra/core/request-context';
import { blocksOf, blockText, type InstructionBlock, placeholder } from './instruction-blocks.ts';
import type { AgentLike } from './program.ts';

/** See `instructionBlocks`. */
export async function readBlocks(agent: AgentLike): Promise<readonly InstructionBlock[]> {
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

/** See `renderBlocks`. */
export async function render(
  blocks: readonly InstructionBlock[],
  mastra: Mastra | undefined,
  requestContext: RequestContext,
): Promise<string> {
  const editor = mastra?.getEditor();
  if (editor === undefined) {
    throw new Error(
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
