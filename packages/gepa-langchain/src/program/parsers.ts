import { isNode, type Node } from './node.ts';

/** An output parser, which reads what a model answers. */
export function isParser(value: unknown): value is Node {
  return isNode(value) && typeof value.parseResult === 'function';
}

/** What a parser tells the model about the form of its answer; empty if nothing. */
export function instructionsOf(parser: Node): string {
  const { getFormatInstructions } = parser;
  try {
    return typeof getFormatInstructions === 'function' ? String(getFormatInstructions.call(parser)) : '';
  } catch {
    return '';
  }
}
