import type { KeyPath } from './copy-with.ts';
import { describedParts } from './descriptions.ts';
import { isNode, isRunnable, type Node, typeName } from './node.ts';
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
  return [
    {
      at: ['schema'],
      place: 'schema',
      omitted: 'it is not a zod schema, and descriptions in schemas of other libraries cannot be replaced',
      hint: 'Use a schema of zod 3 or 4 or a JSON schema, or move its descriptions into the description of the tool.',
    },
  ];
}

/** The runnable or function that a tool calls. */
export function toolImplementation(node: Node, at: KeyPath): Part {
  if (isRunnable(node.bound)) return { at: [...at, 'bound'], child: node.bound };
  return {
    at: [...at, 'func'],
    omitted: 'the implementation of the tool is code, and texts inside code cannot be found',
    hint: `If ${typeName(node)} "${String(node.name)}" calls a model, read its texts from a tunable(name, text) of gepa-core, and add it to \`tunables\`.`,
  };
}
