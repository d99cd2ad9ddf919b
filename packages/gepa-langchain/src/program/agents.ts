import { copyWith, type Edit } from './copy-with.ts';
import { outputParts, toolListParts } from './descriptions.ts';
import { isMessage, isNode, type Node } from './node.ts';
import { type NodeKind, type Part, positioned } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';

/** An agent of `createAgent`: not a runnable itself, but an object with a graph and the options it was built from. */
export const agent: NodeKind = {
  byConstructor: true,
  alias: (node) => node.graph as object,
  matches: (node) => isNode(node.options) && isNode(node.graph) && node.graph.lg_is_pregel === true,
  parts: (node) => {
    const { systemPrompt, tools, responseFormat, middleware } = node.options as Node;
    return [
      ...systemPromptOf(systemPrompt),
      ...toolListParts(tools, ['options', 'tools']),
      ...outputParts(responseFormat, ['options', 'responseFormat']),
      ...listOf(middleware).flatMap((item, i) =>
        isNode(item) && !hasPrivateFields(item)
          ? toolListParts(item.tools, ['options', 'middleware', i, 'tools'])
          : [],
      ),
    ];
  },
  rebuild: (node, edits) => {
    const options = copyWith(node.options as object, edits.map(toOptionsEdit));
    const copy = withOptions(node, options);
    // These may have been assigned after the agent was created.
    const { checkpointer, store } = node as unknown as AgentStorage;
    const isReplaced = edits.some(({ at }) => at[1] === 'checkpointer');
    if (!isReplaced && copy.checkpointer !== checkpointer) copy.checkpointer = checkpointer;
    if (copy.store !== store) copy.store = store;
    return copy;
  },
};

/**
 * An agent with other options, and the config of `withConfig`. Only the agent itself knows that config: its graph has a part of
 * it, without `context` for example.
 */
function withOptions(node: Node, options: object): AgentStorage {
  // Before 1.3, agents have no config.
  if (typeof node.withConfig !== 'function') {
    return new (node.constructor as unknown as new (options: object) => AgentStorage)(options);
  }
  // `withConfig` creates an agent of the options that the agent has: of a copy's, to leave the agent unchanged.
  const copy = node.withConfig({});
  copy.options = options;
  return copy.withConfig({});
}

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
