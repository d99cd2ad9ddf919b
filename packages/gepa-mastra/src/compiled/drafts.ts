import type { Agent } from '@mastra/core/agent';
import type { IMastraEditor } from '@mastra/core/editor';
import type { RequestContext } from '@mastra/core/request-context';
import { type Candidate, GepaError, type OptimizationResult } from 'gepa-core';
import type { AgentComponents, Discovery } from '../program/discovery.ts';
import type { InstructionBlock, PromptBlockReference } from '../program/instruction-blocks.ts';
import { textOf, textsOf, withTexts } from '../program/instructions.ts';
import { isAgent } from '../program/program.ts';
import { withBlockTexts } from '../program/prompt-blocks.ts';

export interface DraftOptions {
  /** Whether to publish the versions at once. Default `false`. */
  readonly publish?: boolean;
  /** Prepended to the scores in the change message of the versions. */
  readonly message?: string;
}

/** A saved draft version of one agent. */
export interface Draft {
  readonly agentId: string;
  readonly versionId: string;
  /** Changed components that the editor cannot store, or that the agent's `editor` setting forbids to edit. */
  readonly unsavedComponents: readonly string[];
  /** The prompt blocks with a saved draft. The agent uses them after they are published. */
  readonly promptBlocks?: readonly string[];
}

/**
 * Saves a draft version of each changed agent in the editor of its Mastra instance, where it can be tried and published
 * in Studio. The change message contains the scores.
 *
 * @throws {GepaError} when there is no editor or storage, when no changed text may be edited, or when this version of
 *   Mastra does not apply drafts to agents.
 */
export async function saveDrafts(
  discovery: Discovery,
  candidate: Candidate,
  result: OptimizationResult,
  requestContext: RequestContext,
  { publish = false, message }: DraftOptions = {},
): Promise<readonly Draft[]> {
  const changed = new Map(
    Object.entries(candidate).filter(([name, text]) => text !== discovery.components[name]?.text),
  );
  const edits = await Promise.all(
    [...discovery.agents].flatMap(([agent, components]) =>
      isAgent(agent) ? [editOf(agent, components, changed, requestContext)] : [],
    ),
  );
  const unsaved = edits.flatMap((edit) => edit.unsavedComponents);
  const possible = edits.filter(({ fields }) => Object.keys(fields).length > 0);
  if (possible.length === 0 && unsaved.length > 0) {
    throw new GepaError(
      `The editor cannot store ${unsaved.join(', ')}, or the agent's \`editor\` setting forbids it. Use compiled.writeBack() or compiled.program.`,
    );
  }
  const changeMessage = [...(message === undefined ? [] : [message]), scoresOf(result)].join(' ');
  const drafts: Draft[] = [];
  for (const { agent, fields, promptBlocks, unsavedComponents } of possible) {
    const versionId = await saveDraft(agent, fields, changeMessage, publish, requestContext);
    await savePromptBlocks(agent, promptBlocks, publish);
    const ids = promptBlocks.map(({ id }) => id);
    drafts.push({
      agentId: agent.id,
      versionId,
      unsavedComponents,
      ...(ids.length === 0 ? {} : { promptBlocks: ids }),
    });
  }
  return drafts;
}

/** The changed fields of an agent's version in the editor. */
interface Fields {
  readonly instructions?: string | readonly InstructionBlock[];
  readonly tools?: Readonly<Record<string, { readonly description: string }>>;
}

async function editOf(
  agent: Agent,
  components: AgentComponents,
  changed: ReadonlyMap<string, string>,
  requestContext: RequestContext,
): Promise<{
  agent: Agent;
  fields: Fields;
  promptBlocks: readonly PromptBlockReference[];
  unsavedComponents: string[];
}> {
  // The setting is newer than drafts.
  const setting = (agent as Partial<Agent>).__getEditorConfig?.() ?? {};
  const canEditInstructions = setting !== false && setting.instructions !== false;
  const toolSetting = setting === false ? false : (setting.tools ?? true);
  const canEditDescriptions =
    typeof toolSetting === 'object' ? toolSetting.description !== false : toolSetting;

  const unsavedComponents: string[] = [];
  const newText = (component: string | undefined, isEditable: boolean) => {
    const text = component === undefined ? undefined : changed.get(component);
    if (text !== undefined && !isEditable) unsavedComponents.push(component!);
    return isEditable ? text : undefined;
  };
  // A draft replaces all instructions, so it cannot have items that change from request to request.
  const { blocks } = components;
  const present = blocks === undefined ? await agent.getInstructions({ requestContext }) : '';
  const areFixed =
    blocks !== undefined ||
    textsOf(present).every((text, position) => text === '' || components.instructions.has(position));
  const newTexts = new Map(
    [...components.instructions].flatMap(([position, component]) => {
      const text = newText(component, canEditInstructions && areFixed);
      return text === undefined ? [] : [[position, text] as const];
    }),
  );
  const newBlocks = blocks === undefined ? undefined : withBlockTexts(blocks, newTexts);
  const instructions =
    newTexts.size === 0
      ? undefined
      : (newBlocks?.map(withoutContent) ?? textOf(withTexts(present, newTexts)));
  const tools: Record<string, { description: string }> = Object.create(null);
  const own = await agent.listTools({ requestContext });
  for (const [name, { description, fields }] of components.tools) {
    const text = newText(description, canEditDescriptions && Object.hasOwn(own, name));
    if (text !== undefined) tools[name] = { description: text };
    for (const field of fields.values()) newText(field, false);
  }
  return {
    agent,
    unsavedComponents,
    promptBlocks: newBlocks?.filter(isReference).filter(({ content }) => content !== undefined) ?? [],
    fields: {
      ...(instructions === undefined ? {} : { instructions }),
      ...(Object.keys(tools).length === 0 ? {} : { tools }),
    },
  };
}

function isReference(block: InstructionBlock): block is PromptBlockReference {
  return block.type === 'prompt_block_ref';
}

function withoutContent(block: InstructionBlock): InstructionBlock {
  return isReference(block) ? { type: block.type, id: block.id } : block;
}

/** Saves drafts of the prompt blocks that an agent refers to. */
async function savePromptBlocks(
  agent: Agent,
  promptBlocks: readonly PromptBlockReference[],
  publish: boolean,
): Promise<void> {
  const mastra = agent.getMastraInstance();
  const editor = mastra?.getEditor();
  const store = await mastra?.getStorage()?.getStore('promptBlocks');
  for (const { id, content } of promptBlocks) {
    await editor?.prompt.update({ id, content: content! });
    const activeVersionId = (await store?.getLatestVersion(id))?.id;
    if (publish && activeVersionId !== undefined)
      await editor?.prompt.update({ id, status: 'published', activeVersionId });
  }
}

async function saveDraft(
  agent: Agent,
  fields: Fields,
  changeMessage: string,
  publish: boolean,
  requestContext: RequestContext,
): Promise<string> {
  if ((agent as Partial<Agent>).__fork === undefined) {
    throw new GepaError(
      'This version of @mastra/core does not apply drafts to agents that are defined in code; upgrade it to 1.25 or newer, or use compiled.writeBack().',
    );
  }
  const mastra = agent.getMastraInstance();
  const editor = mastra?.getEditor();
  const store = await mastra?.getStorage()?.getStore('agents');
  if (editor === undefined || store === undefined) {
    throw new GepaError(
      `The agent ${agent.id} has no editor: register it with new Mastra({ agents, storage, editor: new MastraEditor() }).`,
    );
  }
  if ((await store.getById(agent.id)) === null) await createRecord(editor, agent, requestContext);
  const latest = await store.getLatestVersion(agent.id);
  if (latest === null)
    throw new GepaError(
      `The editor has no version of the agent ${agent.id}, although it has a record of it; create a version in Studio.`,
    );
  const { id: _, createdAt: __, ...snapshot } = latest;
  const { id: versionId } = await store.createVersion({
    ...snapshot,
    ...(fields as object),
    ...(fields.tools === undefined ? {} : { tools: { ...asRecord(snapshot.tools), ...fields.tools } }),
    id: crypto.randomUUID(),
    versionNumber: latest.versionNumber + 1,
    changedFields: Object.keys(fields),
    changeMessage,
  });
  editor.agent.clearCache(agent.id);
  if (publish) await editor.agent.update({ id: agent.id, status: 'published', activeVersionId: versionId });
  return versionId;
}

/** Creates the agent's record with the texts of the code as first version, to compare the draft with. */
async function createRecord(
  editor: IMastraEditor,
  agent: Agent,
  requestContext: RequestContext,
): Promise<void> {
  const { provider, modelId } = await agent.getModel({ requestContext });
  await editor.agent.create({
    id: agent.id,
    name: agent.name,
    instructions: textOf(await agent.getInstructions({ requestContext })),
    model: { provider, name: modelId },
  });
}

function asRecord(tools: unknown): Readonly<Record<string, { description?: string }>> {
  return typeof tools === 'object' && tools !== null && !Array.isArray(tools)
    ? (tools as Readonly<Record<string, { description?: string }>>)
    : {};
}

function scoresOf({ runId, candidates, seedScore, bestScore, test }: OptimizationResult): string {
  const change = (from: number, to: number) => `${from.toFixed(3)} → ${to.toFixed(3)}`;
  const isScored = candidates.some(({ coverage }) => coverage > 0);
  const validation = isScored ? `validation ${change(seedScore, bestScore)}` : 'no candidate was scored';
  const testScores = test === undefined ? '' : `, held-out test ${change(test.seedScore, test.bestScore)}`;
  return `GEPA: ${validation}${testScores} (run ${runId})`;
}
