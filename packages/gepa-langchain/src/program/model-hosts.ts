import { agent } from './agents.ts';
import { isNode, type Node } from './node.ts';
import { traverse } from './traverse.ts';

/** The address of a model is near the top, in fields such as `clientConfig.baseURL`, `apiUrl` and `baseUrl`. */
const maxDepth = 3;

/**
 * The hosts, with ports, that the models of a program state in their settings, or in the clients they have created. Some
 * clients keep a default address to themselves.
 */
export function modelHosts(program: unknown): ReadonlySet<string> {
  const hosts = new Set<string>();
  traverse(program, {
    enter: (path) => {
      const { node } = path.at(-1)!;
      if (!isNode(node)) return;
      const model = agent.matches(node) ? (node.options as Node).model : node;
      if (isNode(model) && typeof model._llmType === 'function') addHosts(model, hosts, 0);
    },
  });
  return hosts;
}

function addHosts(node: Node, hosts: Set<string>, depth: number): void {
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(node))) {
    if (typeof value === 'string' && /^https?:\/\//.test(value)) {
      if (URL.canParse(value)) hosts.add(new URL(value).host);
    } else if (isNode(value) && depth < maxDepth) addHosts(value, hosts, depth + 1);
  }
}
