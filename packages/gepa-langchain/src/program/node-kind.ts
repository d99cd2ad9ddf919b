import type { ComponentKind } from 'gepa-core';
import type { Edit, KeyPath } from './copy-with.ts';
import type { Node } from './node.ts';
import type { TemplateFormat } from './template/template.ts';

/** One segment of a component's name. */
export interface Label {
  readonly text: string;
  /** Whether the program's author chose it (a key, a name). Such labels are preferred over positions. */
  readonly fromAuthor: boolean;
}

export interface PartBase {
  /** The part's path of keys in the node. */
  readonly at: KeyPath;
  readonly label?: Label;
  /** The part's place in words: `step 2`, `key "summary"`. */
  readonly place?: string;
}

/** A node within a node. */
export interface ChildPart extends PartBase {
  readonly child: unknown;
}

/** A text that may change. */
export interface TextPart extends PartBase {
  readonly text: string;
  /** Other paths in the node with a copy of this text. */
  readonly copiesAt?: readonly KeyPath[];
  readonly format: TemplateFormat;
  readonly kind: ComponentKind;
  /** The purpose of the text, for the reflection model. Default: its place in the prompt. */
  readonly description?: string;
}

export type Part = ChildPart | TextPart;

/**
 * A row in the traversal's table: how to recognize one kind of node, and where its parts are. Both finding and
 * rewriting texts follow from it.
 */
export interface NodeKind {
  matches(node: Node): boolean;
  parts(node: Node): readonly Part[];
  /** Whether the node only wraps another one; its own name then names the wrapped node. */
  readonly wraps?: boolean;
  /** Whether the node is a prompt; its texts are then named by their roles in it. */
  readonly prompt?: boolean;
  /** Whether the node is a LangChain tool. */
  readonly tool?: boolean;
  /** Another object that programs use in place of the node: the graph of an agent. */
  alias?(node: Node): object;
  /** Whether `rebuild` uses the node's constructor, which also initializes private fields. */
  readonly byConstructor?: boolean;
  /** Whether the node lists the variables of its parts in `inputVariables`. */
  readonly declaresVariables?: boolean;
  /** Returns the node with edited parts. Default: a copy with the same prototype. */
  rebuild?(node: Node, edits: readonly Edit[]): object;
}

export function authorLabel(text: string): Label {
  return { text, fromAuthor: true };
}

/** Label and place of a part that the program's author named: `key "summary"`. */
export function named(what: string, name: string, label = name): Required<Pick<PartBase, 'label' | 'place'>> {
  return { label: authorLabel(label), place: `${what} "${name}"` };
}

/** Label and place of a part without a name of its own: `fallback 1`. */
export function positioned(label: string, place = label): Required<Pick<PartBase, 'label' | 'place'>> {
  return { label: { text: label, fromAuthor: false }, place };
}
