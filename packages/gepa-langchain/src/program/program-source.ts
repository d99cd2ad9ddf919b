import { isNode, typeName } from './node.ts';
import { traverse } from './traverse.ts';

/**
 * The source of the program as far as it is readable: the classes of its nodes, the functions in them, and the sampling
 * settings of its models. A resumed run compares it, so it contains nothing that differs from process to process.
 */
export function programSource(program: unknown): string {
  const lines: string[] = [];
  traverse(program, {
    enter: (path) => {
      const { node } = path.at(-1)!;
      if (!isNode(node)) return;
      const functions = Object.values(node).filter((value) => typeof value === 'function');
      const settings = samplingSettings.flatMap((name) =>
        typeof node[name] === 'number' ? [`${name}: ${node[name]}`] : [],
      );
      lines.push([typeName(node), ...functions.map(String), ...settings].join(' '));
    },
  });
  return lines.join('\n');
}

const samplingSettings = ['temperature', 'topP', 'topK', 'maxTokens', 'maxOutputTokens'] as const;
