import type { KeyPath } from './copy-with.ts';
import { describedParts } from './descriptions.ts';
import { isNode, isRunnable, type Node } from './node.ts';
import type { NodeKind, Part } from './node-kind.ts';
import { isZodSchema } from './schema/zod.ts';

/** A LangChain tool: its descriptions, and the runnable it was made of, if any. */
export const tool: NodeKind = {
  tool: true,
  matches: (node) =>
    isRunnable(node) &&
    typeof node.name === 'string' &&
    typeof node.description === 'string' &&
    'schema' in node,
  parts: (node) => {
    const subject = { place: `tool "${String(node.name)}"`, root: '.arguments', isNode: true };
    return [
      ...describedParts(node, 'schema', [], 'tool-description', subject),
      ...opaqueSchema(node.schema),
      toolImplementation(node, []),
    ];
  },
};

/** Schemas of libraries other than zod cannot be copied with other descriptions. */
function opaqueSchema(schema: unknown): Part[] {
  if (!isNode(schema) || !('~standard' in schema) || isZodSchema(schema)) return [];
  return [{ at: ['schema'], place: 'schema', omitted: 'toolSchema' }];
}

/** The runnable or function that a tool calls. */
export function toolImplementation(node: Node, at: KeyPath): Part {
  if (isRunnable(node.bound)) return { at: [...at, 'bound'], child: node.bound };
  return { at: [...at, 'func'], omitted: 'toolImplementation' };
}
