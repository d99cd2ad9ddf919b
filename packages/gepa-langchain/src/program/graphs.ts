import { type At, copyWith, type Edit } from './edit.ts';
import { isNode, isRunnable, type Node, typeName } from './node.ts';
import { type ChildPart, given, type NodeKind, type Part } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';
import { insideTool } from './tools.ts';

type GraphNode = Node & { readonly bound: unknown };
type Branches = Readonly<Record<string, Readonly<Record<string, Node>>>>;

/** A compiled graph of LangGraph: StateGraph and what an `entrypoint` makes. */
const graph: NodeKind = {
  byConstructor: true,
  matches: (node) => node.lg_is_pregel === true && isNode(node.nodes),
  parts: (node) => [
    ...Object.entries(nodesOf(node))
      .filter(([key]) => key !== '__start__')
      .map(
        ([key, { bound }]): ChildPart => ({
          at: ['nodes', key, 'bound'],
          child: bound,
          label: given(key),
          place: `node "${key}"`,
        }),
      ),
    ...checkpointerPart(node.checkpointer, ['checkpointer']),
    ...(isNode(node.cache) ? [{ at: ['cache'], cache: node.cache }] : []),
    ...Object.entries(branchesOf(node)).flatMap(([source, branches]) =>
      Object.entries(branches).map(([name, { path }]): ChildPart => {
        const key = source === '__start__' ? 'start' : source;
        return {
          at: ['builder', 'branches', source, name, 'path'],
          child: path,
          label: given(`${key}.condition`),
          place: `condition after "${key}"`,
        };
      }),
    ),
  ],
  rebuild: (node, edits) => {
    const changed = copyFields(node, edits);
    const copy = new (node.constructor as unknown as new (fields: object) => Attaching)({
      ...changed,
      // The constructor and what follows write into these.
      nodes: { ...nodesOf(changed) },
      channels: { ...(node.channels as object) },
      triggerToNodes: node.autoValidate === true ? {} : node.triggerToNodes,
    });
    const sources = edits.flatMap(({ at }) => (at[0] === 'builder' ? [String(at[2])] : []));
    for (const source of new Set(sources)) attachBranches(copy, source, branchesOf(changed)[source]!);
    return copy;
  },
};

/**
 * Runs the tools a model asks for. What describes them is sent by the model they are bound to, and not from here. The
 * node's function is bound to the object itself, so that a copy would run the original.
 */
const toolNode: NodeKind = {
  byConstructor: true,
  matches: (node) => isRunnable(node) && Array.isArray(node.tools) && typeName(node) === 'ToolNode',
  parts: (node) => [
    ...(node.tools as readonly Node[]).flatMap((tool, i): Part[] => {
      if (!isRunnable(tool) || hasPrivateFields(tool)) return [];
      const name = String(tool.name);
      return [{ label: given(`tools.${name}`), place: `tool "${name}"`, ...insideTool(tool, ['tools', i]) }];
    }),
    {
      at: ['tools'],
      place: 'descriptions of tools',
      omitted: 'a model is sent them from where they are bound to it, not from here',
      hint: 'Bind the tools in a runnable, as in prompt.pipe(model.bindTools(tools)), or use createAgent of langchain; code that binds them may describe them by tunable(name, text) of gepa-core.',
    },
  ],
  rebuild: (node, edits) => {
    const { name, config, handleToolErrors, signal, wrapToolCall } = node;
    const { tools } = copyWith({ tools: node.tools as readonly unknown[] }, edits);
    const ToolNode = node.constructor as unknown as new (
      tools: readonly unknown[],
      options: object,
    ) => object;
    const tags = isNode(config) ? config.tags : undefined;
    return new ToolNode(tools, { name, tags, handleToolErrors, signal, wrapToolCall });
  },
};

/** Programs of LangGraph and their nodes. */
export const graphs: readonly NodeKind[] = [graph, toolNode];

/** Beside a checkpointer a graph may have `true` or `false`, which say whether to use its parent's. */
export function checkpointerPart(checkpointer: unknown, at: At): Part[] {
  return isNode(checkpointer) ? [{ at, checkpointer }] : [];
}

function nodesOf(node: Node): Readonly<Record<string, GraphNode>> {
  return node.nodes as Record<string, GraphNode>;
}

/** Only a graph made by a builder has conditional edges. */
function branchesOf(node: Node): Branches {
  return isNode(node.builder) && isNode(node.builder.branches) ? (node.builder.branches as Branches) : {};
}

/** The fields of the graph with the edits made, also where it holds the same runnable once more. */
function copyFields(node: Node, edits: readonly Edit[]): Node {
  const { builder } = node;
  const again = edits.flatMap(({ at, value }): Edit[] => {
    const [field, key] = at;
    if (field !== 'nodes') return [];
    const { bound, subgraphs } = nodesOf(node)[key!]!;
    const inBuilder = isNode(builder) && isNode(builder.nodes) ? builder.nodes[key!] : undefined;
    const swap = (all: unknown) =>
      Array.isArray(all) ? all.map((one) => (one === bound ? value : one)) : undefined;
    return [
      ...(Array.isArray(subgraphs)
        ? [{ at: ['nodes', key!, 'subgraphs'] as const, value: swap(subgraphs) }]
        : []),
      ...(isNode(inBuilder)
        ? [
            { at: ['builder', 'nodes', key!, 'runnable'] as const, value },
            { at: ['builder', 'nodes', key!, 'subgraphs'] as const, value: swap(inBuilder.subgraphs) },
          ]
        : []),
    ];
  });
  const all = [...edits, ...again];
  const fields = { ...node } as Node;
  return copyWith(fields, all);
}

interface Attaching {
  readonly nodes: Record<string, { writers: unknown[] }>;
  attachBranch(source: string, name: string, branch: object): void;
}

/** Conditions are compiled into the last writers of the node they follow. */
function attachBranches(graph: Attaching, source: string, branches: Readonly<Record<string, Node>>): void {
  const node = graph.nodes[source]!;
  const kept = node.writers.slice(0, -Object.keys(branches).length);
  graph.nodes[source] = copyWith(node, [{ at: ['writers'], value: kept }]);
  for (const [name, branch] of Object.entries(branches)) graph.attachBranch(source, name, branch);
}
