import type { KeyPath } from './copy-with.ts';
import { describedParts } from './descriptions.ts';
import { isRunnable, type Node } from './node.ts';
import type { ChildPart, NodeKind } from './node-kind.ts';

/** A LangChain tool: its descriptions, and the runnable it was made of, if any. */
export const tool: NodeKind = {
  tool: true,
  matches: (node) =>
    isRunnable(node) &&
    typeof node.name === 'string' &&
    typeof node.description === 'string' &&
    'schema' in node,
  parts: (node) => {
    return [
      ...describedParts(node, 'schema', [], 'tool-description', { root: '.arguments' }),
      ...toolImplementation(node, []),
    ];
  },
};

/** The runnable that a tool calls, if any. */
export function toolImplementation(
  { bound }: Node,
  at: KeyPath,
  location?: Pick<ChildPart, 'label' | 'place'>,
): ChildPart[] {
  return isRunnable(bound) ? [{ at: [...at, 'bound'], child: bound, ...location }] : [];
}
