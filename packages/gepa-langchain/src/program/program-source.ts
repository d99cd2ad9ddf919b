import { isNode, type Node, typeName } from './node.ts';
import { traverse } from './traverse.ts';

/**
 * The source of the program as far as it is readable: the classes of its nodes, the functions in them, and the settings
 * and addresses of its models. A resumed run compares it, so it contains nothing that differs from process to process.
 */
export function programSource(program: unknown): string {
  const lines: string[] = [];
  traverse(program, {
    enter: (path) => {
      const { node } = path.at(-1)!;
      if (!isNode(node)) return;
      const functions = Object.values(node).filter((value) => typeof value === 'function');
      // Set in the constructor, or bound later.
      const settings = [node, node.defaultOptions, node.kwargs].filter(isNode).flatMap(settingsIn);
      lines.push([typeName(node), ...functions.map(String), ...settings, ...addressesIn(node)].join(' '));
    },
  });
  return lines.join('\n');
}

/** What a model's answers depend on. */
const settingNames = [
  'temperature',
  'topP',
  'topK',
  'maxTokens',
  'maxOutputTokens',
  'maxCompletionTokens',
  'frequencyPenalty',
  'presencePenalty',
  'stop',
  'stopSequences',
  'reasoning',
  'reasoningEffort',
  'reasoning_effort',
  'thinking',
  'thinkingConfig',
  'think',
  'verbosity',
  'tool_choice',
] as const;

function settingsIn(node: Node): string[] {
  return settingNames.flatMap((name) => {
    const value = node[name];
    if (value === undefined || value === null || typeof value === 'function') return [];
    try {
      return [`${name}: ${JSON.stringify(value)}`];
    } catch {
      return [];
    }
  });
}

/** The addresses of a model's constructor: a client that it creates later has others. */
function addressesIn(node: Node): string[] {
  if (typeof node._llmType !== 'function' || !isNode(node.lc_kwargs)) return [];
  const values = Object.values(node.lc_kwargs);
  return [...values, ...values.filter(isNode).flatMap(Object.values)].flatMap((value) => {
    if (typeof value !== 'string' || !/^https?:\/\//.test(value) || !URL.canParse(value)) return [];
    const { protocol, hostname, host, pathname } = new URL(value);
    // Without credentials, and without the port of a local server, which may be another each time.
    const isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
    return [`at ${protocol}//${isLocal ? hostname : host}${pathname}`];
  });
}
