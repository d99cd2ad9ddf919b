import { withoutCandidate } from 'gepa-core/load';
import { inspectProgram, type NamedSite } from './inspect-program.ts';
import type { Node } from './node.ts';
import type { NodeKind } from './node-kind.ts';
import { type Site, traverse, type Visitor } from './traverse.ts';

/** Returns a node for a program that is traced, by the components inside it and the node as the program has it. */
export type Mark = (node: Node, kind: NodeKind, inside: readonly NamedSite[], original: Node) => object;

export interface RewriteOptions {
  /** Prepares each node for tracing: `markNode`, which production does not need. Default: not marked. */
  readonly mark?: Mark;
  /** Further edits, such as those of `replacingStorage`. */
  readonly edits?: Visitor['edits'];
  /**
   * Receives the copy of each tool with other texts, by the tool. The program then keeps the tools themselves, because its code
   * may recognize them; hooks make them the copies. Default: the copies are in the program.
   */
  readonly tools?: Map<object, object>;
}

/** The tools that copies were made of. */
const originals = new WeakMap<object, object>();

/**
 * Returns a program with other texts. The given program stays unchanged, and unchanged parts are shared with it. A
 * text equal to the program's own changes nothing.
 * @param texts readable texts by component name; other components keep their text, and other names are ignored.
 * @throws {GepaError} when a text cannot be written as a template.
 */
export function rewrite<Program>(
  program: Program,
  texts: Readonly<Record<string, string>>,
  options: RewriteOptions = {},
): Program {
  // Within a rollout, the hooks on parts return another candidate's copies.
  return withoutCandidate(() => rewriteParts(program, texts, options));
}

function rewriteParts<Program>(
  program: Program,
  texts: Readonly<Record<string, string>>,
  { mark, edits, tools }: RewriteOptions,
): Program {
  const { sites } = inspectProgram(program);
  const given = sites.filter(({ name }) => Object.hasOwn(texts, name));
  const find = ({ owner, part }: Site) =>
    given.find(({ site }) => site.owner === owner && site.part.at.join('\n') === part.at.join('\n'));

  return traverse(program, {
    text: (site) => {
      const found = find(site);
      if (found === undefined) return undefined;
      const text = texts[found.name];
      return text === found.component.text ? undefined : text;
    },
    edits,
    leave: (node, kind, inside, original) => {
      const found = inside.flatMap((site) => find(site) ?? []);
      const copy = mark?.(node, kind, found, original) ?? node;
      if (kind.tool !== true) return copy;
      const tool = originals.get(original) ?? original;
      if (copy !== tool) originals.set(copy, tool);
      // A sealed tool cannot have hooks.
      if (copy === tool || tools === undefined || Object.isSealed(tool)) return copy;
      tools.set(tool, copy);
      return tool;
    },
  }) as Program;
}

/** The program with copies of tools in it: reverses the option `tools`. */
export function withToolCopies<Program>(program: Program, tools: ReadonlyMap<object, object>): Program {
  return tools.size === 0
    ? program
    : (traverse(program, {
        leave: (node, _kind, _inside, original) => tools.get(original) ?? node,
      }) as Program);
}
