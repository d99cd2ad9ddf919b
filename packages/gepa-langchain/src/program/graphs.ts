import { copyWith, type Edit } from './copy-with.ts';
import { isNode, isRunnable, type Node, typeName } from './node.ts';
import { type ChildPart, type NodeKind, named } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';
import { toolImplementation } from './tools.ts';

type GraphNode = Node & { readonly bound: unknown };
type Branches = Readonly<Record<string, Readonly<Record<string, Node>>>>;

/** A compiled LangGraph graph: of a StateGraph or an `entrypoint`. */
export const graph: NodeKind = {
  byConstructor: true,
  matches: (node) => node.lg_is_pregel === true && isNode(node.nodes),
  parts: (node) => [
    ...Object.entries(nodesOf(node))
      .filter(([key]) => key !== '__start__')
      .map(
        ([key, { bound }]): ChildPart => ({
          at: ['nodes', key, 'bound'],
          child: bound,
          ...named('node', key),
        }),
      ),
    ...Object.entries(branchesOf(node)).flatMap(([source, branches]) =>
      Object.entries(branches).map(([name, { path }]): ChildPart => {
        const key = source === '__start__' ? 'start' : source;
        return {
          at: ['builder', 'branches', source, name, 'path'],
          child: path,
          ...named('condition after', key, `${key}.condition`),
        };
      }),
    ),
  ],
  rebuild: (node, edits) => {
    const changed = copyFields(node, edits);
    const copy = new (node.constructor as unknown as new (fields: object) => BranchableGraph)({
      ...changed,
      // Copied, because the constructor and attachBranches write to them.
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
 * ToolNode: runs the tools that a model calls. Their descriptions are sent by the model they are bound to, not from
 * here. Its function is bound to the object itself, so a change needs the constructor.
 */
export const toolNode: NodeKind = {
  byConstructor: true,
  matches: (node) => isRunnable(node) && Array.isArray(node.tools) && typeName(node) === 'ToolNode',
  parts: (node) =>
    (node.tools as readonly Node[]).flatMap((tool, i) => {
      if (!isRunnable(tool) || hasPrivateFields(tool)) return [];
      const name = String(tool.name);
      return toolImplementation(tool, ['tools', i], named('tool', name, `tools.${name}`));
    }),
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

/** Whether a node is the function of `createReactAgent` that calls the model and contains the `prompt`, out of reach. */
export function hidesPrompt(node: Node): boolean {
  return (node.func as { name?: unknown } | undefined)?.name === 'callModel';
}

export function isReactAgent(node: object): boolean {
  return (
    graph.matches(node as Node) &&
    Object.values(nodesOf(node as Node)).some(({ bound }) => isNode(bound) && hidesPrompt(bound))
  );
}

/** LangGraph's graphs and nodes. */
export const graphs: readonly NodeKind[] = [graph, toolNode];

function nodesOf(node: Node): Readonly<Record<string, GraphNode>> {
  return node.nodes as Record<string, GraphNode>;
}

/** The conditional edges by source node; only a graph built by a StateGraph has any. */
function branchesOf(node: Node): Branches {
  return isNode(node.builder) && isNode(node.builder.branches) ? (node.builder.branches as Branches) : {};
}

/** The graph's fields with the edits applied, also to the other references to an edited runnable. */
function copyFields(node: Node, edits: readonly Edit[]): Node {
  const { builder } = node;
  const otherReferences = edits.flatMap(({ at, value }): Edit[] => {
    const [field, key] = at;
    if (field !== 'nodes') return [];
    const { bound, subgraphs } = nodesOf(node)[key!]!;
    const inBuilder = isNode(builder) && isNode(builder.nodes) ? builder.nodes[key!] : undefined;
    const swap = (all: unknown) =>
      Array.isArray(all) ? all.map((item) => (item === bound ? value : item)) : undefined;
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
  return copyWith({ ...node } as Node, [...edits, ...otherReferences]);
}

interface BranchableGraph {
  readonly nodes: Record<string, { writers: unknown[] }>;
  attachBranch(source: string, name: string, branch: object): void;
}

/** Replaces the last writers of the source node, which LangGraph compiled its conditional edges into. */
function attachBranches(
  graph: BranchableGraph,
  source: string,
  branches: Readonly<Record<string, Node>>,
): void {
  const node = graph.nodes[source]!;
  const kept = node.writers.slice(0, -Object.keys(branches).length);
  graph.nodes[source] = copyWith(node, [{ at: ['writers'], value: kept }]);
  for (const [name, branch] of Object.entries(branches)) graph.attachBranch(source, name, branch);
}
