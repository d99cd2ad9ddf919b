import { parseTemplate } from '@langchain/core/prompts';
import { unhookedDescriptors } from 'gepa-core/load';
import { agent } from './agents.ts';
import { boundModel, configurableModel } from './chat-models.ts';
import { containers } from './containers.ts';
import { copyWith, type Edit } from './copy-with.ts';
import { graphs } from './graphs.ts';
import { isNode, type Node } from './node.ts';
import type { NodeKind, Part, PartBase, TextPart } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';
import { programWithParts } from './program-with-parts.ts';
import { prompts } from './prompts.ts';
import { encodeTemplate } from './template/template.ts';
import { tool } from './tools.ts';
import { boundProgram } from './tunables.ts';

/** The table of node kinds. The first row that matches a node is its kind. */
const kinds: readonly NodeKind[] = [
  programWithParts,
  boundProgram,
  agent,
  ...graphs,
  tool,
  configurableModel,
  boundModel,
  ...containers,
  ...prompts,
];

/** A node on a path, and the part through which the path continues. */
export interface PathStep {
  readonly node: unknown;
  readonly kind: NodeKind | undefined;
  readonly part: PartBase | undefined;
}

/** The path from the program to a node, which is the last step. */
export type Path = readonly PathStep[];

/** A text of the program: the object and part it is in, and the first path to it. */
export interface Site {
  readonly owner: object;
  readonly part: TextPart;
  readonly path: Path;
}

export interface Visitor {
  /** Called for every node before its parts, once per path to the node. */
  enter?(path: Path): void;
  /** Called once per text. Returns the readable text that replaces it; `undefined` keeps it. */
  text?(site: Site): string | undefined;
  /** Further edits of a node. */
  edits?: ((node: Node, kind: NodeKind) => readonly Edit[]) | undefined;
  /** Called with a node after its parts, the texts inside it, and the node before changes. Returns its replacement. */
  leave?(node: Node, kind: NodeKind, sites: readonly Site[], original: Node): object;
}

interface Visited {
  readonly value: unknown;
  readonly sites: readonly Site[];
}

/**
 * Visits every part of a program and returns the program with the visitor's changes. The program itself is not
 * mutated; unchanged parts stay the same objects. An object that occurs twice is changed once, and both places get the
 * same new object.
 */
export function traverse(program: unknown, visitor: Visitor): unknown {
  const visited = new Map<unknown, Visited>();

  function visit(node: unknown, ancestors: Path): Visited {
    const kind = isNode(node) ? kindOf(node) : undefined;
    visitor.enter?.([...ancestors, { node, kind, part: undefined }]);
    const known = visited.get(node);
    if (known !== undefined) return known;
    visited.set(node, { value: node, sites: [] }); // Ends the recursion in a program that contains itself.
    const result =
      kind === undefined ? { value: node, sites: [] } : visitParts(node as Node, kind, ancestors);
    visited.set(node, result);
    return result;
  }

  function visitParts(node: Node, kind: NodeKind, ancestors: Path): Visited {
    const edits = [...(visitor.edits?.(node, kind) ?? [])];
    const sites: Site[] = [];
    for (const part of kind.parts(node)) {
      const path = [...ancestors, { node, kind, part }];
      if ('text' in part) {
        const site = { owner: node, part, path };
        sites.push(site);
        const text = visitor.text?.(site);
        if (text === undefined) continue;
        const value = encodeTemplate(text, part.text, part.format);
        edits.push(...[part.at, ...(part.copiesAt ?? [])].map((at) => ({ at, value })));
      } else {
        const child = visit(part.child, path);
        sites.push(...child.sites);
        if (child.value !== part.child) edits.push({ at: part.at, value: child.value });
      }
    }
    const changed = edits.length === 0 ? node : rebuild(node, kind, edits);
    const value = visitor.leave?.(changed as Node, kind, sites, node) ?? changed;
    if (kind.alias !== undefined) visited.set(kind.alias(node), { value: kind.alias(value as Node), sites });
    return { value, sites };
  }

  return visit(program, []).value;
}

/** `undefined` also for a node whose copy would lack its class's private fields. */
function kindOf(node: Node): NodeKind | undefined {
  const kind = kinds.find((row) => row.matches(node));
  return kind?.byConstructor || !hasPrivateFields(node) ? kind : undefined;
}

/** A copy of a node with the same parts; the node itself if its class is unknown or has private fields. */
export function copyOf<T extends object>(node: T): T {
  const kind = kindOf(node as Node);
  if (kind?.byConstructor) return rebuild(node as Node, kind, []) as T;
  return kind ? Object.create(Object.getPrototypeOf(node), unhookedDescriptors(node)) : node;
}

function rebuild(node: Node, kind: NodeKind, edits: readonly Edit[]): object {
  const changed = withoutCommit(kind.rebuild?.(node, edits) ?? copyWith(node, edits));
  if (!kind.declaresVariables || !Object.hasOwn(node, 'inputVariables')) return changed;
  const before = variablesIn(kind.parts(node));
  const after = variablesIn(kind.parts(changed as Node));
  const declared = node.inputVariables as readonly string[];
  const kept = declared.filter((variable) => after.has(variable) || !before.has(variable));
  return kept.length === declared.length
    ? changed
    : copyWith(changed, [{ at: ['inputVariables'], value: kept }]);
}

function variablesIn(parts: readonly Part[]): ReadonlySet<string> {
  const variables = parts.flatMap((part): readonly string[] => {
    if ('child' in part) {
      const { inputVariables } = (part.child ?? {}) as Node;
      return Array.isArray(inputVariables) ? inputVariables : [];
    }
    if (part.format === 'plain') return [];
    return parseTemplate(part.text, part.format).flatMap((piece) =>
      piece.type === 'variable' ? [piece.name] : [],
    );
  });
  return new Set(variables);
}

const commitKey = 'lc_hub_commit_hash';

/** A changed prompt is no longer the one that was pulled from LangSmith. */
function withoutCommit(node: object): object {
  const { metadata } = node as Node;
  if (!isNode(metadata) || !(commitKey in metadata)) return node;
  const { [commitKey]: _commit, ...rest } = metadata;
  return copyWith(node, [{ at: ['metadata'], value: rest }]);
}
