import { isNode, type Node } from './node.ts';

/** An output parser, which reads what a model answers. */
export function isParser(value: unknown): value is Node {
  return isNode(value) && typeof value.parseResult === 'function';
}

/** A parser's instructions about the form of an answer; empty if it has none. */
export function instructionsOf(parser: Node): string {
  const { getFormatInstructions } = parser;
  try {
    return typeof getFormatInstructions === 'function' ? String(getFormatInstructions.call(parser)) : '';
  } catch {
    return '';
  }
}
