import { boundParts } from './chat-models.ts';
import type { Edit } from './copy-with.ts';
import { isNode, isRunnable, isRunnableRecord, type Node } from './node.ts';
import { type ChildPart, type NodeKind, named, positioned } from './node-kind.ts';

/** RunnableSequence: runs its steps one after the other. */
const sequence: NodeKind = {
  matches: (node) => isRunnable(node.first) && Array.isArray(node.middle) && isRunnable(node.last),
  parts: (node) => {
    const middle = node.middle as readonly unknown[];
    return [
      { at: ['first'], child: node.first, place: 'step 1' },
      ...middle.map((child, i): ChildPart => ({ at: ['middle', i], child, place: `step ${i + 2}` })),
      { at: ['last'], child: node.last, place: `step ${middle.length + 2}` },
    ];
  },
};

/** RunnableMap and RunnableParallel run the runnables of all keys; RouterRunnable runs that of one key. */
const keyed = (field: 'steps' | 'runnables'): NodeKind => ({
  matches: (node) => isRunnable(node) && isRunnableRecord(node[field]),
  parts: (node) =>
    Object.entries(node[field] as Record<string, Node>).map(([key, child]) => ({
      at: [field, key],
      child,
      ...named('key', key),
    })),
});

/** RunnableAssign: adds the output of a map to its input. */
const assign: NodeKind = {
  matches: (node) => isRunnable(node.mapper),
  parts: (node) => [{ at: ['mapper'], child: node.mapper }],
};

/** RunnableWithMessageHistory. Its constructor builds a chain around the runnable, so a change needs the constructor. */
const messageHistory: NodeKind = {
  wraps: true,
  matches: (node) => isRunnable(node.runnable) && typeof node.getMessageHistory === 'function',
  parts: (node) => [{ at: ['runnable'], child: node.runnable }],
  rebuild: (node, edits) => {
    const fields = Object.fromEntries(edits.map((edit: Edit) => [edit.at[0], edit.value]));
    const { lc_kwargs: kwargs } = node as { lc_kwargs?: object };
    return new (node.constructor as unknown as new (fields: object) => object)({ ...kwargs, ...fields });
  },
};

/** Wraps one runnable: RunnableBinding, RunnableRetry, RunnableEach, RunnableToolLike. */
const binding: NodeKind = {
  wraps: true,
  matches: (node) => isRunnable(node.bound),
  parts: (node) => [
    { at: ['bound'], child: node.bound },
    ...(isNode(node.config) ? boundParts(node.config, 'config') : []),
    ...(isNode(node.kwargs) ? boundParts(node.kwargs, 'kwargs') : []),
  ],
};

/** RunnableWithFallbacks: runs the next runnable when one throws. */
const fallbacks: NodeKind = {
  matches: (node) => isRunnable(node.runnable) && Array.isArray(node.fallbacks),
  parts: (node) => [
    { at: ['runnable'], child: node.runnable },
    ...(node.fallbacks as readonly unknown[]).map(
      (child, i): ChildPart => ({
        at: ['fallbacks', i],
        child,
        ...positioned(`fallback${i + 1}`, `fallback ${i + 1}`),
      }),
    ),
  ],
};

/** RunnableBranch: runs the first runnable whose condition is true. */
const branch: NodeKind = {
  matches: (node) => Array.isArray(node.branches) && isRunnable(node.default),
  parts: (node) => [
    ...(node.branches as readonly (readonly [unknown, unknown])[]).flatMap(
      ([condition, child], i): ChildPart[] => [
        {
          at: ['branches', i, 0],
          child: condition,
          ...positioned(`condition${i + 1}`, `condition of branch ${i + 1}`),
        },
        { at: ['branches', i, 1], child, ...positioned(`branch${i + 1}`, `branch ${i + 1}`) },
      ],
    ),
    { at: ['default'], child: node.default, ...positioned('default', 'default branch') },
  ],
};

/** Nodes that contain runnables. */
export const containers: readonly NodeKind[] = [
  sequence,
  keyed('steps'),
  keyed('runnables'),
  assign,
  messageHistory,
  binding,
  fallbacks,
  branch,
];
