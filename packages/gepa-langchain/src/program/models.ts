import { mergeConfigs } from '@langchain/core/runnables';
import { outputParts, toolListParts } from './descriptions.ts';
import type { Edit } from './edit.ts';
import { copyWith } from './edit.ts';
import { isNode, type Node } from './node.ts';
import type { NodeKind, Part } from './node-kind.ts';

/** A chat model with tools, an output schema or callbacks bound to it. */
export const boundModel: NodeKind = {
  byConstructor: true,
  matches: (node) =>
    typeof node._llmType === 'function' &&
    typeof node.withConfig === 'function' &&
    isNode(node.defaultOptions) &&
    (hasBoundCallbacks(node) || boundParts(node.defaultOptions, 'defaultOptions').length > 0),
  parts: (node) => boundParts(node.defaultOptions as Node, 'defaultOptions'),
  rebuild: (node, edits: readonly Edit[]) => {
    const { defaultOptions } = copyWith({ defaultOptions: node.defaultOptions }, edits);
    return (node.withConfig as (options: unknown) => object)(defaultOptions);
  },
};

/** A model of `initChatModel`, which is made when it is called, and is then given its tools and its output schema. */
export const configurableModel: NodeKind = {
  matches: (node) => typeof node._llmType === 'function' && isNode(node._queuedMethodOperations),
  parts: (node) => {
    const { bindTools, withStructuredOutput } = node._queuedMethodOperations as Record<
      string,
      readonly unknown[]
    >;
    return [
      ...toolListParts(bindTools?.[0], ['_queuedMethodOperations', 'bindTools', 0]),
      ...outputParts(withStructuredOutput?.[0], ['_queuedMethodOperations', 'withStructuredOutput', 0]),
    ];
  },
  // The models it has made already have the former descriptions.
  rebuild: (node, edits) => copyWith(node, [...edits, { at: ['_modelInstanceCache'], value: new Map() }]),
};

export function hasBoundCallbacks(node: Node): boolean {
  return (
    typeof node._llmType === 'function' &&
    isNode(node.defaultOptions) &&
    isNode(node.defaultOptions.callbacks)
  );
}

/**
 * The model with its bound callbacks among those of its constructor. The bound ones it drops when a call brings some,
 * as all calls do in a rollout.
 */
export function keepCallbacks(model: Node): object {
  const bound = (model.defaultOptions as Node).callbacks;
  const copy = (model.withConfig as (options: unknown) => object)({ callbacks: undefined });
  const { callbacks } = mergeConfigs({ callbacks: model.callbacks as never }, { callbacks: bound as never });
  return Object.assign(copy, { callbacks });
}

/** The descriptions among the options of model calls. */
export function boundParts(options: Node, field: string): Part[] {
  return [
    ...toolListParts(options.tools, [field, 'tools']),
    ...toolListParts(options.functions, [field, 'functions']),
    ...outputParts(options.response_format, [field, 'response_format']),
  ];
}
