import { describedParts } from './descriptions.ts';
import type { At } from './edit.ts';
import { isNode, isRunnable, type Node, typeName } from './node.ts';
import type { NodeKind, Part } from './node-kind.ts';
import { isZodSchema } from './schema/zod.ts';

/** A tool of LangChain. What it does is code, unless it was made of a runnable. */
export const tool: NodeKind = {
  tool: true,
  matches: (node) =>
    isRunnable(node) &&
    typeof node.name === 'string' &&
    typeof node.description === 'string' &&
    'schema' in node,
  parts: (node) => {
    const about = { place: `tool "${String(node.name)}"`, root: '.arguments', isNode: true };
    return [
      ...describedParts(node, 'schema', [], 'tool-description', about),
      ...opaqueSchema(node.schema),
      insideTool(node, []),
    ];
  },
};

/** A schema of another library is made of functions. */
function opaqueSchema(schema: unknown): Part[] {
  if (!isNode(schema) || !('~standard' in schema) || isZodSchema(schema)) return [];
  return [
    {
      at: ['schema'],
      place: 'schema',
      omitted: 'it is not of zod, and descriptions in schemas of other libraries cannot be replaced',
      hint: 'Give the tool a schema of zod 3 or 4 or a JSON schema, or say it in the description of the tool.',
    },
  ];
}

/** What a tool does. */
export function insideTool(node: Node, at: At): Part {
  if (isRunnable(node.bound)) return { at: [...at, 'bound'], child: node.bound };
  return {
    at: [...at, 'func'],
    omitted: 'what the tool does is code, and text inside code cannot be seen',
    hint: `If ${typeName(node)} "${String(node.name)}" asks a model, read its texts from tunable(name, text) of gepa-core and name that in \`tunables\`.`,
  };
}
