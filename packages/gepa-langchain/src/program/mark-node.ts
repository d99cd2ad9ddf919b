import { currentBinding, unhookedDescriptors } from 'gepa-core/load';
import { agent } from './agents.ts';
import { hasBoundCallbacks, keepCallbacks } from './chat-models.ts';
import { copyWith } from './copy-with.ts';
import type { NamedSite } from './inspect-program.ts';
import { isNode, isPromptTemplate, type Node } from './node.ts';
import type { Mark } from './rewrite.ts';
import type { Site } from './traverse.ts';

/** The metadata key, on prompts and on their runs, that lists the components in the prompt. */
export const componentsKey = 'gepa_components';

/**
 * Prompts and tools list their components in their metadata, prompts report when their texts are read, and models keep
 * their bound callbacks when a tracer is added.
 */
export const markNode: Mark = (given, kind, inside, original) => {
  if (hasBoundCallbacks(given)) return keepCallbacks(given);
  const node = withReads(
    given,
    inside.filter(({ site }) => site.owner === original),
  );
  if (inside.length === 0 || (!isPromptTemplate(node) && kind.tool !== true)) return node;
  const metadata = {
    ...(isNode(node.metadata) ? node.metadata : {}),
    [componentsKey]: inside.map(({ name }) => name),
  };
  return copyWith(node, [{ at: ['metadata'], value: metadata }]);
};

/** Whether traces show the use of a text, in the run of the outermost prompt that it is in. */
export function isTraced({ path }: Site): boolean {
  return isPromptTemplate(path.find(({ kind }) => kind?.prompt === true)?.node);
}

/** The name of the agent that a text is in. */
export function agentNameOf({ path }: Site): string | undefined {
  const { node } = path.findLast(({ kind }) => kind === agent) ?? {};
  const options = isNode(node) ? node.options : undefined;
  return isNode(options) && typeof options.name === 'string' ? options.name : undefined;
}

/** The entry of a text in `reads`, which also has names of parts. */
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
