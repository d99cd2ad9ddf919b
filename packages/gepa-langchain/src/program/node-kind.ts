import type { ComponentKind } from 'gepa-core';
import type { TemplateFormat } from '../template.ts';
import type { At, Edit } from './edit.ts';

/** An object of the program. It may come from another copy of LangChain: judge it by its fields, not its class. */
export type Node = Readonly<Record<string, unknown>>;

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
  readonly format: TemplateFormat;
  readonly kind: ComponentKind;
  /** What the text does, for the reflection model. Default: its place in the prompt. */
  readonly description?: string;
}

/** Something that is left alone, with the reason. */
export interface OmittedPart extends PartOf {
  readonly omitted: string;
  readonly hint?: string;
}

export type Part = ChildPart | TextPart | OmittedPart;

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

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

/** A node that can be invoked. */
export type RunnableNode = Node & { readonly lc_runnable: true };

export function isRunnable(value: unknown): value is RunnableNode {
  return isNode(value) && value.lc_runnable === true;
}

/** A message of a conversation. */
export type MessageNode = Node & { readonly content: unknown; _getType(): string };

export function isMessage(value: unknown): value is MessageNode {
  return isNode(value) && !isRunnable(value) && typeof value._getType === 'function' && 'content' in value;
}

/** A plain record of runnables. */
export function isRunnableRecord(value: unknown): value is Record<string, Node> {
  return (
    isNode(value) && !Array.isArray(value) && !isRunnable(value) && Object.values(value).every(isRunnable)
  );
}

/** The node's class, in LangChain's name for it. */
export function typeName(value: unknown): string {
  if (!isNode(value)) return value === null ? 'null' : typeof value;
  const type = value.constructor as unknown as { lc_name?: unknown; name?: string } | undefined;
  return typeof type?.lc_name === 'function' ? String(type.lc_name()) : (type?.name ?? 'object');
}

/** The name the program's author gave a runnable: `name`, or `runName` in `withConfig`. */
export function ownName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const runName = isNode(node.config) ? node.config.runName : undefined;
  return [runName, node.name].find((name): name is string => typeof name === 'string' && name !== '');
}

export function given(text: string): Label {
  return { text, given: true };
}

export function positional(text: string): Label {
  return { text, given: false };
}
