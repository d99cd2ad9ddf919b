import { CandidateMismatchError } from 'gepa-core';
import { copyWith } from './edit.ts';
import { hasBoundCallbacks, keepCallbacks } from './models.ts';
import { isNode } from './node.ts';
import { survey } from './survey.ts';
import { type Site, traverse } from './traverse.ts';

/** The key in a prompt's metadata, and so in the metadata of its runs, that names the components in it. */
export const componentsKey = 'gepa_components';

export interface RewriteOptions {
  /**
   * Whether to name in the metadata of each prompt the components it holds, for traces, and to have models keep their
   * callbacks beside those of a tracer. Default: `false`.
   */
  readonly mark?: boolean;
  /** What takes the place of the program's checkpointers. Default: they stay. */
  readonly checkpointers?: ReadonlyMap<object, object>;
  /**
   * Whether graphs are to forget the caches of their nodes, which give for an input what a node with other texts once
   * made of it. Default: `false`.
   */
  readonly withoutCaches?: boolean;
}

/**
 * Makes a program with other texts. The given program stays untouched; what does not change is shared with it. A text
 * equal to the program's own changes nothing.
 * @param texts readable texts by component name; a component left out keeps its text.
 * @throws CandidateMismatchError when a name is none of the program's.
 * @throws GepaError when a text cannot be written as a template.
 */
export function rewrite<Program>(
  program: Program,
  texts: Readonly<Record<string, string>>,
  { mark = false, checkpointers, withoutCaches = false }: RewriteOptions = {},
): Program {
  const { sites } = survey(program);
  checkNames(
    Object.keys(texts),
    sites.map(({ name }) => name),
  );
  const asked = sites.filter(({ name }) => texts[name] !== undefined);
  const find = ({ owner, part }: Site) =>
    asked.find(({ site }) => site.owner === owner && site.part.at.join('\n') === part.at.join('\n'));

  return traverse(program, {
    text: (site) => {
      const found = find(site);
      if (found === undefined) return undefined;
      const text = texts[found.name];
      return text === found.component.text ? undefined : text;
    },
    checkpointer: (own) => checkpointers?.get(own),
    withoutCaches,
    leave: (node, kind, inside) => {
      if (mark && hasBoundCallbacks(node)) return keepCallbacks(node);
      if (!mark || (typeof node.formatPromptValue !== 'function' && kind.tool !== true)) return node;
      const names = inside.flatMap((site) => find(site)?.name ?? []);
      if (names.length === 0) return node;
      const metadata = { ...(isNode(node.metadata) ? node.metadata : {}), [componentsKey]: names };
      return copyWith(node, [{ at: ['metadata'], value: metadata }]);
    },
  }) as Program;
}

function checkNames(names: readonly string[], known: readonly string[]): void {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const list = (all: readonly string[]) => all.map((name) => `"${name}"`).join(', ');
  throw new CandidateMismatchError(
    `The program has no component ${list(unknown)}. It has: ${list(known) || 'none'}.`,
    { missing: [], unknown },
  );
}
