import { outputParts, toolListParts } from './descriptions.ts';
import type { Edit } from './edit.ts';
import { copyWith } from './edit.ts';
import { isNode, type Node } from './node.ts';
import type { NodeKind, Part } from './node-kind.ts';

/** A chat model with tools or an output schema bound to it. */
export const boundModel: NodeKind = {
  byConstructor: true,
  matches: (node) =>
    typeof node._llmType === 'function' &&
    typeof node.withConfig === 'function' &&
    isNode(node.defaultOptions) &&
    boundParts(node.defaultOptions, 'defaultOptions').length > 0,
  parts: (node) => boundParts(node.defaultOptions as Node, 'defaultOptions'),
  rebuild: (node, edits: readonly Edit[]) => {
    const { defaultOptions } = copyWith({ defaultOptions: node.defaultOptions }, edits);
    return (node.withConfig as (options: unknown) => object)(defaultOptions);
  },
};

/** The descriptions among the options of model calls. */
export function boundParts(options: Node, field: string): Part[] {
  return [
    ...toolListParts(options.tools, [field, 'tools']),
    ...toolListParts(options.functions, [field, 'functions']),
    ...outputParts(options.response_format, [field, 'response_format']),
  ];
}
