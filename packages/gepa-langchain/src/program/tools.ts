import { describedParts } from './descriptions.ts';
import { isRunnable, type Node, typeName } from './node.ts';
import type { NodeKind, Part } from './node-kind.ts';

/** A tool of LangChain. What it does is code, unless it was made of a runnable. */
export const tool: NodeKind = {
  tool: true,
  matches: (node) =>
    isRunnable(node) &&
    typeof node.name === 'string' &&
    typeof node.description === 'string' &&
    'schema' in node,
  parts: (node) => {
    const about = { place: `tool "${String(node.name)}"`, root: '.arguments' };
    return [...describedParts(node, 'schema', [], 'tool-description', about), inside(node)];
  },
};

function inside(node: Node): Part {
  if (isRunnable(node.bound)) return { at: ['bound'], child: node.bound };
  return {
    at: ['func'],
    omitted: 'what the tool does is code, and text inside code cannot be seen',
    hint: `If ${typeName(node)} "${String(node.name)}" asks a model, read its texts from tunable(name, text) of gepa-core and name that in \`tunables\`.`,
  };
}
