import type { ComponentKind } from 'gepa-core';
import type { TemplateFormat } from '../template.ts';
import type { At, Edit } from './edit.ts';
import type { Node } from './node.ts';

/** A part of a component's name. */
export interface Label {
  readonly text: string;
  /** Chosen by the program's author (a key, a name), and so worth more than a number or a position. */
  readonly given: boolean;
}

interface PartOf {
  /** Where in the node it is. */
  readonly at: At;
  readonly label?: Label;
  /** The same for people: `step 2`, `key "summary"`. */
  readonly place?: string;
}

/** A node within a node. */
export interface ChildPart extends PartOf {
  readonly child: unknown;
}

/** A text that may change. */
export interface TextPart extends PartOf {
  readonly text: string;
  /** Where else in the node the same text stands for the same. */
  readonly also?: readonly At[];
  readonly format: TemplateFormat;
  readonly kind: ComponentKind;
  /** What the text does, for the reflection model. Default: its place in the prompt. */
  readonly description?: string;
}

/** Something that is left alone, with the reason. */
export interface OmittedPart extends PartOf {
  readonly omitted: string;
  /** What would make it reachable. */
  readonly hint: string;
}

/** What a graph keeps its threads with. */
export interface CheckpointerPart extends PartOf {
  readonly checkpointer: Node;
}

/** Where a graph remembers what its nodes gave for an input, whatever their texts were. */
export interface CachePart extends PartOf {
  readonly cache: Node;
}

export type Part = ChildPart | TextPart | OmittedPart | CheckpointerPart | CachePart;

/**
 * A row of the table the traversal goes by: how to recognise a kind of node and where its parts are. Reading and
 * rewriting follow from that.
 */
export interface NodeKind {
  matches(node: Node): boolean;
  parts(node: Node): readonly Part[];
  /** Whether the node only wraps another one, and a name of its own names that one. */
  readonly wraps?: boolean;
  /** Whether the node is a prompt: its texts are named after their roles in it. */
  readonly prompt?: boolean;
  /** Whether the node is a tool of LangChain. */
  readonly tool?: boolean;
  /** Whether `rebuild` makes the node the way its class does, so that private fields are no obstacle. */
  readonly byConstructor?: boolean;
  /** Of nodes that declare `inputVariables`: the variables their parts use. */
  variables?(node: Node): readonly string[];
  /** Makes the node with changed parts. Default: a copy with the same prototype. */
  rebuild?(node: Node, edits: readonly Edit[]): object;
}

export function given(text: string): Label {
  return { text, given: true };
}

export function positional(text: string): Label {
  return { text, given: false };
}
