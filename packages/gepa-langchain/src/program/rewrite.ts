import { withoutCandidate } from 'gepa-core/load';
import { hasBoundCallbacks, keepCallbacks } from './chat-models.ts';
import { copyWith } from './copy-with.ts';
import { inspectProgram } from './inspect-program.ts';
import { isNode, isPromptTemplate } from './node.ts';
import { type Site, traverse } from './traverse.ts';

/** The metadata key, on prompts and on their runs, that lists the components in the prompt. */
export const componentsKey = 'gepa_components';

export interface RewriteOptions {
  /**
   * Whether to prepare the program for tracing: prompts list their components in their metadata, and models keep their
   * bound callbacks when a tracer is added. Default: `false`.
   */
  readonly mark?: boolean;
  /** Replacements for the program's checkpointers. Default: none. */
  readonly checkpointers?: ReadonlyMap<object, object>;
  /**
   * Whether to remove the node caches of graphs, which would return results of nodes with other texts. Default: `false`.
   */
  readonly withoutCaches?: boolean;
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
  // Within a rollout, hooked parts stand for another candidate's copies.
  return withoutCandidate(() => rewriteParts(program, texts, options));
}

function rewriteParts<Program>(
  program: Program,
  texts: Readonly<Record<string, string>>,
  { mark = false, checkpointers, withoutCaches = false }: RewriteOptions,
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
    checkpointer: (checkpointer) => checkpointers?.get(checkpointer),
    withoutCaches,
    leave: (node, kind, inside) => {
      if (mark && hasBoundCallbacks(node)) return keepCallbacks(node);
      if (!mark || (!isPromptTemplate(node) && kind.tool !== true)) return node;
      const names = inside.flatMap((site) => find(site)?.name ?? []);
      if (names.length === 0) return node;
      const metadata = { ...(isNode(node.metadata) ? node.metadata : {}), [componentsKey]: names };
      return copyWith(node, [{ at: ['metadata'], value: metadata }]);
    },
  }) as Program;
}
