import { mergeConfigs } from '@langchain/core/runnables';
import { copyWith } from './copy-with.ts';
import { outputParts, toolListParts } from './descriptions.ts';
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
  rebuild: (node, edits) => {
    const { defaultOptions } = copyWith({ defaultOptions: node.defaultOptions }, edits);
    return (node.withConfig as (options: unknown) => object)(defaultOptions);
  },
};

/** A model of `initChatModel`. It creates the actual model when called, and binds tools and an output schema to it. */
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
  // Cached models have the old descriptions.
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
 * Moves a model's bound callbacks to those of its constructor. A model drops bound callbacks when a call passes
 * callbacks, as every call in a rollout does.
 */
export function keepCallbacks(model: Node): object {
  const bound = (model.defaultOptions as Node).callbacks;
  const copy = (model.withConfig as (options: unknown) => object)({ callbacks: undefined });
  const { callbacks } = mergeConfigs({ callbacks: model.callbacks as never }, { callbacks: bound as never });
  return Object.assign(copy, { callbacks });
}

/** The descriptions in the options of model calls. */
export function boundParts(options: Node, field: string): Part[] {
  return [
    ...toolListParts(options.tools, [field, 'tools']),
    ...toolListParts(options.functions, [field, 'functions']),
    ...outputParts(options.response_format, [field, 'response_format']),
  ];
}
