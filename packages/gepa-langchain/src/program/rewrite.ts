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
  /** Returns what replaces the checkpointer or the cache of a graph. Default: itself. */
  readonly storage?: Visitor['storage'];
}

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
  { mark, storage }: RewriteOptions,
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
    storage,
    leave: (node, kind, inside, original) =>
      mark?.(
        node,
        kind,
        inside.flatMap((site) => find(site) ?? []),
        original,
      ) ?? node,
  }) as Program;
}
