import { outputParts, toolListParts } from './descriptions.ts';
import { copyWith, type Edit } from './edit.ts';
import { checkpointerPart } from './graphs.ts';
import { isMessage, isNode, type Node } from './node.ts';
import { type NodeKind, type Part, positional } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';

/** An agent of `createAgent`: no runnable, but a graph with the options it was built from. */
export const agent: NodeKind = {
  byConstructor: true,
  matches: (node) => isNode(node.options) && isNode(node.graph) && node.graph.lg_is_pregel === true,
  parts: (node) => {
    const { systemPrompt, tools, responseFormat, middleware, checkpointer } = node.options as Node;
    return [
      ...systemPromptOf(systemPrompt),
      ...toolListParts(tools, ['options', 'tools']),
      ...outputParts(responseFormat, ['options', 'responseFormat']),
      ...checkpointerPart(node.checkpointer ?? checkpointer, ['options', 'checkpointer']),
      ...listOf(middleware).flatMap((one, i): Part[] => {
        const at = ['options', 'middleware', i];
        const name = isNode(one) ? String(one.name) : String(i + 1);
        return [
          ...(isNode(one) && !hasPrivateFields(one) ? toolListParts(one.tools, [...at, 'tools']) : []),
          {
            at,
            place: `middleware "${name}"`,
            omitted: 'it is code, and text inside code cannot be seen',
            hint: 'Read its texts from tunable(name, text) of gepa-core where they are used (dynamicSystemPromptMiddleware may return one), and name that in `tunables`.',
          },
        ];
      }),
    ];
  },
  rebuild: (node, edits) => {
    const options = copyWith(node.options as object, edits.map(withinOptions));
    const Agent = node.constructor as unknown as new (options: object, config: unknown) => Persisting;
    const copy = new Agent(options, (node.graph as Node).config);
    // These may have been set after the agent was made.
    const { checkpointer, store } = node as unknown as Persisting;
    const isReplaced = edits.some(({ at }) => at[1] === 'checkpointer');
    if (!isReplaced && copy.checkpointer !== checkpointer) copy.checkpointer = checkpointer;
    if (copy.store !== store) copy.store = store;
    return copy;
  },
};

interface Persisting {
  checkpointer: unknown;
  store: unknown;
}

function systemPromptOf(systemPrompt: unknown): Part[] {
  const where = { label: positional('system'), place: 'system prompt' };
  if (typeof systemPrompt === 'string') {
    return [
      {
        ...where,
        at: ['options', 'systemPrompt'],
        text: systemPrompt,
        format: 'plain',
        kind: 'instructions',
        description: 'The system prompt of an agent: sent before the conversation at each of its turns.',
      },
    ];
  }
  return isMessage(systemPrompt) ? [{ ...where, at: ['options', 'systemPrompt'], child: systemPrompt }] : [];
}

function withinOptions({ at, value }: Edit): Edit {
  const [, field, ...rest] = at;
  return { at: [String(field), ...rest], value };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
