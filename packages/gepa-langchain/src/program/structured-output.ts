import { isNode, isRunnable, type Node } from './node.ts';
import type { Path } from './traverse.ts';

/** Whether a node is a function that LangChain's `withStructuredOutput` put behind the model: nothing that a user could change. */
export function isOfStructuredOutput(path: Path): boolean {
  return path.some(({ node }, i) => {
    const child = path[i + 1]?.node;
    if (!isNode(node) || child === undefined) return false;
    // The implementation of the base class names its sequence.
    if (isNode(node.config) && /^StructuredOutput(Runnable)?$/.test(String(node.config.runName))) return true;
    if (!isRunnable(node) || !Array.isArray(node.steps)) return false;
    const before: unknown = node.steps[node.steps.indexOf(child) - 1];
    if (!isNode(before)) return false;
    const isLast = i + 1 === path.length - 1;
    // With `includeRaw`, the parser is a function in an `assign`.
    return (
      (isLast && hasFormat(before)) || (isRawMap(before) && isNode(child) && Array.isArray(child.fallbacks))
    );
  });
}

function hasFormat({ defaultOptions, kwargs }: Node): boolean {
  return [defaultOptions, kwargs].some(
    (options) => isNode(options) && isNode(options.ls_structured_output_format),
  );
}

function isRawMap({ steps }: Node): boolean {
  return isNode(steps) && Object.keys(steps).join() === 'raw';
}
