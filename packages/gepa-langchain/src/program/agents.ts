import { copyWith, type Edit } from './copy-with.ts';
import { outputParts, toolListParts } from './descriptions.ts';
import { storagePart } from './graphs.ts';
import { isMessage, isNode, type Node } from './node.ts';
import { type NodeKind, type Part, positioned } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';

/** An agent of `createAgent`: not a runnable itself, but an object with a graph and the options it was built from. */
export const agent: NodeKind = {
  byConstructor: true,
  alias: (node) => node.graph as object,
  matches: (node) => isNode(node.options) && isNode(node.graph) && node.graph.lg_is_pregel === true,
  parts: (node) => {
    const { systemPrompt, tools, responseFormat, middleware, checkpointer } = node.options as Node;
    return [
      ...systemPromptOf(systemPrompt),
      ...toolListParts(tools, ['options', 'tools']),
      ...outputParts(responseFormat, ['options', 'responseFormat']),
      ...storagePart('checkpointer', node.checkpointer ?? checkpointer, ['options', 'checkpointer']),
      ...listOf(middleware).flatMap((item, i) =>
        isNode(item) && !hasPrivateFields(item)
          ? toolListParts(item.tools, ['options', 'middleware', i, 'tools'])
          : [],
      ),
    ];
  },
  rebuild: (node, edits) => {
    const options = copyWith(node.options as object, edits.map(toOptionsEdit));
    const Agent = node.constructor as unknown as new (options: object, config: unknown) => AgentStorage;
    const copy = new Agent(options, (node.graph as Node).config);
    // These may have been assigned after the agent was created.
    const { checkpointer, store } = node as unknown as AgentStorage;
    const isReplaced = edits.some(({ at }) => at[1] === 'checkpointer');
    if (!isReplaced && copy.checkpointer !== checkpointer) copy.checkpointer = checkpointer;
    if (copy.store !== store) copy.store = store;
    return copy;
  },
};

interface AgentStorage {
  checkpointer: unknown;
  store: unknown;
}

function systemPromptOf(systemPrompt: unknown): Part[] {
  const part = { at: ['options', 'systemPrompt'], ...positioned('system', 'system prompt') };
  if (typeof systemPrompt === 'string') {
    return [{ ...part, text: systemPrompt, format: 'plain', kind: 'instructions' }];
  }
  return isMessage(systemPrompt) ? [{ ...part, child: systemPrompt }] : [];
}

function toOptionsEdit({ at, value }: Edit): Edit {
  const [, field, ...rest] = at;
  return { at: [String(field), ...rest], value };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
