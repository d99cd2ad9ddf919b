import type { Agent } from '@mastra/core/agent';
import type { IMastraEditor } from '@mastra/core/editor';
import type { RequestContext } from '@mastra/core/request-context';
import { type Candidate, GepaError, type OptimizationResult } from 'gepa-core';
import type { AgentPlan, Discovery } from '../program/discovery.ts';
import { textOf } from '../program/instructions.ts';
import { isAgent } from '../program/program.ts';

export interface DraftOptions {
  /** Whether the versions go live at once, for all who ask for the published one. Default `false`. */
  readonly publish?: boolean;
  /** Stands before the scores in the versions' message. */
  readonly message?: string;
}

/** A version of one agent in the editor. */
export interface Draft {
  readonly agentId: string;
  readonly versionId: string;
  /** Components whose texts the editor cannot hold, or may not by the agent's `editor` setting. */
  readonly left: readonly string[];
}

/**
 * Saves the texts as a draft of each agent that changed, in the editor of the Mastra instance the agents are registered
 * with, for people to try and publish in Studio. The scores stand in the draft's message.
 *
 * @throws {GepaError} when there is no editor or no storage, when no text may be edited, or when this version of Mastra
 *   applies no drafts to agents.
 */
export async function saveDrafts(
  discovery: Discovery,
  texts: Candidate,
  result: OptimizationResult,
  requestContext: RequestContext,
  { publish = false, message }: DraftOptions = {},
): Promise<readonly Draft[]> {
  const changed = new Map(
    Object.entries(texts).filter(([name, text]) => text !== discovery.components[name]?.text),
  );
  const edits = [...discovery.agents].flatMap(([agent, plan]) =>
    isAgent(agent) ? [editOf(agent, plan, changed)] : [],
  );
  const left = edits.flatMap((edit) => edit.left);
  const possible = edits.filter(({ fields }) => Object.keys(fields).length > 0);
  if (possible.length === 0 && left.length > 0) {
    throw new GepaError(
      `The editor may not hold ${left.join(', ')}: the agent's \`editor\` setting forbids it, or the editor has no place for it. Use compiled.writeBack() or compiled.program.`,
    );
  }
  const changeMessage = [...(message === undefined ? [] : [message]), scoresOf(result)].join(' ');
  const drafts: Draft[] = [];
  for (const { agent, fields, left: leftOfAgent } of possible) {
    const versionId = await saveDraft(agent, fields, changeMessage, publish, requestContext);
    drafts.push({ agentId: agent.id, versionId, left: leftOfAgent });
  }
  return drafts;
}

interface Fields {
  readonly instructions?: string;
  readonly tools?: Readonly<Record<string, { readonly description: string }>>;
}

function editOf(
  agent: Agent,
  plan: AgentPlan,
  changed: ReadonlyMap<string, string>,
): { agent: Agent; fields: Fields; left: string[] } {
  // Mastra has had this setting for less long than drafts.
  const setting = (agent as Partial<Agent>).__getEditorConfig?.() ?? {};
  const mayInstruct = setting !== false && setting.instructions !== false;
  const toolSetting = setting === false ? false : (setting.tools ?? true);
  const mayDescribe = typeof toolSetting === 'object' ? toolSetting.description !== false : toolSetting;

  const left: string[] = [];
  const take = (component: string | undefined, allowed: boolean) => {
    const text = component === undefined ? undefined : changed.get(component);
    if (text !== undefined && !allowed) left.push(component!);
    return allowed ? text : undefined;
  };
  const instructions = take(plan.instructions, mayInstruct);
  const tools: Record<string, { description: string }> = {};
  for (const [name, { description, fields }] of plan.tools) {
    const text = take(description, mayDescribe && !/^(agent|workflow)-/.test(name));
    if (text !== undefined) tools[name] = { description: text };
    for (const field of fields.values()) take(field, false);
  }
  return {
    agent,
    left,
    fields: {
      ...(instructions === undefined ? {} : { instructions }),
      ...(Object.keys(tools).length === 0 ? {} : { tools }),
    },
  };
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
      'This version of @mastra/core applies no drafts to agents that are written in code; upgrade it to 1.25 or newer, or use compiled.writeBack().',
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
    throw new GepaError(`The editor has no version of the agent ${agent.id} to go on from.`);
  const { id: _, createdAt: __, ...snapshot } = latest;
  const { id: versionId } = await store.createVersion({
    ...snapshot,
    ...fields,
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

/** The texts of the code are the first version, so that the draft can be compared with them. */
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

function scoresOf({ runId, seedScore, bestScore, test }: OptimizationResult): string {
  const rounded = (score: number) => score.toFixed(3);
  const held =
    test === undefined ? '' : `, held-out test ${rounded(test.seedScore)} → ${rounded(test.bestScore)}`;
  return `GEPA: validation ${rounded(seedScore)} → ${rounded(bestScore)}${held} (run ${runId})`;
}
