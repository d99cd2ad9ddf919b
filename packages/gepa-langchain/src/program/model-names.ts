import { agent } from './agents.ts';
import { isNode, type Node } from './node.ts';
import { traverse } from './traverse.ts';

/**
 * The names of the models in a program, as in the usage of their calls. Models that functions select or create at run
 * time are not included.
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
  // An agent accepts `provider:model`, the format of `initChatModel`.
  if (typeof model === 'string') return model.replace(/^[^:/]+:/, '');
  if (!isNode(model) || typeof model._llmType !== 'function') return undefined;
  // A model of `initChatModel` is created later, from this config.
  const settings = isNode(model._defaultConfig) ? model._defaultConfig : model;
  return [settings.model, settings.modelName].find(
    (name): name is string => typeof name === 'string' && name !== '',
  );
}
