import { currentBinding, unhookedDescriptors, withoutCandidate } from 'gepa-core/load';
import { agent } from './agents.ts';
import { hasBoundCallbacks, keepCallbacks } from './chat-models.ts';
import { copyWith } from './copy-with.ts';
import { inspectProgram, type NamedSite } from './inspect-program.ts';
import { isNode, isPromptTemplate, type Node } from './node.ts';
import { type Site, traverse } from './traverse.ts';

/** The metadata key, on prompts and on their runs, that lists the components in the prompt. */
export const componentsKey = 'gepa_components';

export interface RewriteOptions {
  /**
   * Whether to prepare the program for tracing: prompts list their components in their metadata and report when their
   * texts are read, and models keep their bound callbacks when a tracer is added. Default: `false`.
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
    leave: (given, kind, inside, own) => {
      if (!mark) return given;
      if (hasBoundCallbacks(given)) return keepCallbacks(given);
      const node = withReads(
        given,
        own.flatMap((site) => find(site) ?? []),
      );
      if (!isPromptTemplate(node) && kind.tool !== true) return node;
      const names = inside.flatMap((site) => find(site)?.name ?? []);
      if (names.length === 0) return node;
      const metadata = { ...(isNode(node.metadata) ? node.metadata : {}), [componentsKey]: names };
      return copyWith(node, [{ at: ['metadata'], value: metadata }]);
    },
  }) as Program;
}

/** What a text adds to `reads`, which has names of parts too. */
export function textRead(name: string): string {
  return `text ${name}`;
}

/** Whether a marked program reports when the text is read. The constructor of an agent reads its prompt beforehand. */
export function reportsReads({ path, part }: Site): boolean {
  return (
    part.at.length === 1 && path.at(-1)!.kind?.prompt === true && !path.some(({ kind }) => kind === agent)
  );
}

function withReads(node: Node, texts: readonly NamedSite[]): Node {
  const reporting = texts.filter(({ site }) => reportsReads(site));
  if (reporting.length === 0) return node;
  const fields = unhookedDescriptors(node);
  for (const { name, site } of reporting) {
    const [field] = site.part.at as [string];
    let value = node[field];
    fields[field] = {
      get() {
        currentBinding()?.reads?.add(textRead(name));
        return value;
      },
      set: (assigned: unknown) => {
        value = assigned;
      },
      enumerable: true,
      configurable: true,
    };
  }
  return Object.create(Object.getPrototypeOf(node), fields);
}
