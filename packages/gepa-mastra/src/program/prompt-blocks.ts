import type { Mastra } from '@mastra/core/mastra';
import type { RequestContext } from '@mastra/core/request-context';
import type { InstructionBlock } from './instruction-blocks.ts';
import type { AgentLike } from './program.ts';

// What reads and renders blocks is loaded when it is needed: most agents have none, and the entry for production is small.

/**
 * The blocks of instructions that were written in Studio, with the published contents of those that they refer to: for
 * the option `texts`, which is needed when the agent is defined in code, or refers to blocks.
 *
 * @throws {Error} when the instructions have no blocks.
 */
export async function instructionBlocks(agent: AgentLike): Promise<readonly InstructionBlock[]> {
  const { readBlocks } = await import('./stored-blocks.ts');
  return readBlocks(agent);
}

/** The instructions that blocks with new texts make for a request, as the editor of the Mastra instance renders them. */
export async function renderBlocks(
  blocks: readonly InstructionBlock[],
  texts: ReadonlyMap<number, string>,
  mastra: Mastra | undefined,
  requestContext: RequestContext,
): Promise<string> {
  const { render, withBlockTexts } = await import('./stored-blocks.ts');
  return render(withBlockTexts(blocks, texts), mastra, requestContext);
}
