import { type Node, ownName, typeName } from './node.ts';
import type { Path, Site } from './traverse.ts';

/** A path in words: `step 2 › key "summary" › ChatPromptTemplate › message 1 (system)`. */
export function locate(path: Path): string {
  const places = path.flatMap(({ node, kind, part }, i) => {
    const isOutermostPrompt = kind?.prompt === true && path[i - 1]?.kind?.prompt !== true;
    const name = kind === undefined || kind.tool === true ? undefined : ownName(node);
    return [
      ...(name === undefined ? [] : [`"${name}"`]),
      ...(isOutermostPrompt || part === undefined || (kind?.tool === true && i === 0)
        ? [typeName(node)]
        : []),
      ...(part?.place === undefined ? [] : [part.place]),
    ];
  });
  return places.join(' › ');
}

/** What a text is for, as the reflection model reads it. */
export function describe({ part, path }: Pick<Site, 'part' | 'path'>): string {
  if (part.kind === 'instructions') {
    return 'The system prompt of an agent: sent before the conversation at each of its turns.';
  }
  if (part.kind !== 'tool-description' && part.kind !== 'field-description') return describePlace(path);
  const purpose =
    part.kind === 'tool-description'
      ? 'Tells the model what the tool is for'
      : 'Tells the model what to fill in';
  const { node, kind } = path.at(-1)!;
  const tool = kind?.tool === true ? `tool "${String((node as Node).name)}"` : undefined;
  const field = tool !== undefined && part.place === 'description' ? undefined : part.place;
  return `${purpose}: ${[tool, field].filter((place) => place !== undefined).join(', ')}.`;
}

/** Describes a text by its place in its prompt: `Message 1 (system) of a prompt.` */
function describePlace(path: Path): string {
  const places = path.filter(({ kind }) => kind?.prompt).flatMap(({ part }) => part?.place ?? []);
  const place = places.length === 0 ? 'a prompt' : `${places.join(', ')} of a prompt`;
  return `${place.charAt(0).toUpperCase()}${place.slice(1)}.`;
}
