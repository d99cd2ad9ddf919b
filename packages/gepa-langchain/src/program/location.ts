import { ownName, typeName } from './node.ts';
import type { Path } from './traverse.ts';

/** Describes a text by its place in its prompt: `Message 1 (system) of a prompt.` */
export function describePlace(path: Path): string {
  const places = path.filter(({ kind }) => kind?.prompt).flatMap(({ part }) => part?.place ?? []);
  const place = places.length === 0 ? 'a prompt' : `${places.join(', ')} of a prompt`;
  return `${place.charAt(0).toUpperCase()}${place.slice(1)}.`;
}

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
