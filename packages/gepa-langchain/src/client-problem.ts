import { agent } from './program/agents.ts';
import { isNode, type Node } from './program/node.ts';
import { traverse } from './program/traverse.ts';
import { errorMessage } from './util/error-message.ts';

/**
 * Why a model of a runnable cannot create its client, such as a missing API key. Most models create it in their constructor;
 * those of OpenAI create it in their first call, which here happens before anything is spent.
 */
export function clientProblem(runnable: object): string | undefined {
  let problem: string | undefined;
  traverse(runnable, {
    enter: (path) => {
      const { node } = path.at(-1)!;
      if (!isNode(node)) return;
      const model = agent.matches(node) ? (node.options as Node).model : node;
      for (const instance of instancesOf(model)) problem ??= problemOf(instance);
    },
  });
  return problem;
}

/** A model of `initChatModel` has created the actual model already. */
function instancesOf(model: unknown): readonly unknown[] {
  return isNode(model) && model._modelInstanceCache instanceof Map
    ? [...model._modelInstanceCache.values()]
    : [model];
}

function problemOf(model: unknown): string | undefined {
  if (!isNode(model) || typeof model._getClientOptions !== 'function') return undefined;
  try {
    model._getClientOptions({});
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}
