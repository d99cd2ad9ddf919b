import { encodeTemplate } from '../template.ts';
import { agent } from './agents.ts';
import { carrier } from './carrier.ts';
import { containers } from './containers.ts';
import { copyWith, type Edit } from './edit.ts';
import { graphs } from './graphs.ts';
import { boundModel, configurableModel } from './models.ts';
import { isNode, type Node } from './node.ts';
import type { NodeKind, OmittedPart, Part, TextPart } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';
import { prompts } from './prompts.ts';
import { tool } from './tools.ts';

const kinds: readonly NodeKind[] = [
  carrier,
  agent,
  ...graphs,
  tool,
  configurableModel,
  boundModel,
  ...containers,
  ...prompts,
];

/** A node on the way from the program to one of its parts, and the part the way goes on to. */
export interface Waypoint {
  readonly node: unknown;
  readonly kind: NodeKind | undefined;
  readonly part: Part | undefined;
}

/** From the program down; the last waypoint is the node at hand. */
export type Path = readonly Waypoint[];

/** A text of the program: a part of an object, and the first way that led there. */
export interface Site {
  readonly owner: object;
  readonly part: TextPart;
  readonly path: Path;
}

/** What to do on the way. */
export interface Visitor {
  /** Every node, before its parts; once for each way that leads to it. */
  enter?(path: Path): void;
  /** A part that is left alone; the last waypoint holds it. */
  omit?(part: OmittedPart, path: Path): void;
  /** The readable text to put in the place of a text; `undefined` to leave it. Called once for each text. */
  text?(site: Site): string | undefined;
  /** What is to stand in the place of a checkpointer; `undefined` to leave it. */
  checkpointer?(own: Node): object | undefined;
  /** Whether the graphs are to be without their caches. */
  readonly withoutCaches?: boolean;
  /** Takes a node whose parts are done, with the texts inside it; returns what is to stand in its place. */
  leave?(node: Node, kind: NodeKind, sites: readonly Site[]): object;
}

interface Done {
  readonly value: unknown;
  readonly sites: readonly Site[];
}

/**
 * Goes through a program and returns it with the visitor's changes. Nothing of the program is mutated, and what did
 * not change is the same object. An object that occurs twice is changed once and occurs twice again.
 */
export function traverse(program: unknown, visitor: Visitor): unknown {
  const done = new Map<unknown, Done>();

  function visit(node: unknown, way: Path): Done {
    const kind = isNode(node) ? kindOf(node) : undefined;
    visitor.enter?.([...way, { node, kind, part: undefined }]);
    const known = done.get(node);
    if (known !== undefined) return known;
    done.set(node, { value: node, sites: [] }); // For programs that contain themselves.
    const result = kind === undefined ? { value: node, sites: [] } : visitParts(node as Node, kind, way);
    done.set(node, result);
    return result;
  }

  function visitParts(node: Node, kind: NodeKind, way: Path): Done {
    const edits: Edit[] = [];
    const sites: Site[] = [];
    for (const part of kind.parts(node)) {
      const path = [...way, { node, kind, part }];
      if ('text' in part) {
        const site = { owner: node, part, path };
        sites.push(site);
        const text = visitor.text?.(site);
        if (text === undefined) continue;
        const value = encodeTemplate(text, part.text, part.format);
        edits.push(...[part.at, ...(part.also ?? [])].map((at) => ({ at, value })));
      } else if ('child' in part) {
        const child = visit(part.child, path);
        sites.push(...child.sites);
        if (child.value !== part.child) edits.push({ at: part.at, value: child.value });
      } else if ('checkpointer' in part) {
        const value = visitor.checkpointer?.(part.checkpointer);
        if (value !== undefined) edits.push({ at: part.at, value });
      } else if ('cache' in part) {
        if (visitor.withoutCaches === true) edits.push({ at: part.at, value: undefined });
      } else visitor.omit?.(part, path);
    }
    const changed = edits.length === 0 ? node : rebuild(node, kind, edits);
    return { value: visitor.leave?.(changed as Node, kind, sites) ?? changed, sites };
  }

  return visit(program, []).value;
}

/** A copy of an object with private fields of a class would be without them, so that it is left alone. */
function kindOf(node: Node): NodeKind | undefined {
  const kind = kinds.find((row) => row.matches(node));
  return kind?.byConstructor === true || !hasPrivateFields(node) ? kind : undefined;
}

function rebuild(node: Node, kind: NodeKind, edits: readonly Edit[]): object {
  const changed = kind.rebuild?.(node, edits) ?? copyWith(node, edits);
  if (kind.variables === undefined || !Object.hasOwn(node, 'inputVariables')) return changed;
  const before = new Set(kind.variables(node));
  const after = new Set(kind.variables(changed as Node));
  const declared = node.inputVariables as readonly string[];
  const kept = declared.filter((variable) => after.has(variable) || !before.has(variable));
  return kept.length === declared.length
    ? changed
    : copyWith(changed, [{ at: ['inputVariables'], value: kept }]);
}
