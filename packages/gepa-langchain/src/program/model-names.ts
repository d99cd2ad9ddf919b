import { agent } from './agents.ts';
import { isNode, type Node } from './node.ts';
import { traverse } from './traverse.ts';

/**
 * The names of the models in a program, as their answers will tell them. Models that code chooses or makes when it
 * runs are not among them.
 */
export function modelNames(program: unknown): string[] {
  const names = new Set<string>();
  traverse(program, {
    enter: (path) => {
      const { node } = path.at(-1)!;
      if (!isNode(node)) return;
      const name = nameOf(agent.matches(node) ? (node.options as Node).model : node);
      if (name !== undefined) names.add(name);
    },
  });
  return [...names];
}

function nameOf(model: unknown): string | undefined {
  // An agent may be given `provider:model`, as `initChatModel` takes it.
  if (typeof model === 'string') return model.replace(/^[^:/]+:/, '');
  if (!isNode(model) || typeof model._llmType !== 'function') return undefined;
  // A model of `initChatModel` only knows what it will be made of.
  const made = isNode(model._defaultConfig) ? model._defaultConfig : model;
  return [made.model, made.modelName].find((name): name is string => typeof name === 'string' && name !== '');
}
