import { isNode, isRunnable, type Node, typeName } from './node.ts';
import { hasPrivateFields } from './private-fields.ts';

/** Why a node is skipped, and how to make its texts optimizable. */
export interface SkipReason {
  readonly reason: string;
  readonly hint: string;
}

const programHint = 'Pass a runnable, a compiled graph or an agent of createAgent to gepa.';

const tunableHint =
  'Move the text into a prompt template of the program, or read it from a tunable(name, text) of gepa-core, and add it to `tunables`.';

export const codeReason = 'it is code, and texts inside code cannot be found';

interface Rule {
  matches(node: Node): boolean;
  /** Absent for a node that has no text. */
  readonly skip?: SkipReason;
}

const hasMethod = (method: string) => (node: Node) => typeof node[method] === 'function';

/** For nodes that are neither containers nor prompts. The first rule that matches applies. */
const rules: readonly Rule[] = [
  { matches: hasMethod('_llmType') },
  {
    matches: (node) =>
      (hasMethod('parseResult')(node) || hasMethod('_getRelevantDocuments')(node)) &&
      Object.values(node).some(isRunnable),
    skip: {
      reason: 'it runs other runnables in an unknown way, and their prompts cannot be replaced',
      hint: 'Build it from runnables instead: a prompt and a model in a sequence.',
    },
  },
  { matches: hasMethod('parseResult') },
  { matches: hasMethod('_getRelevantDocuments') },
  {
    matches: (node) => typeName(node) === 'AgentNode',
    skip: {
      reason: 'it is part of an agent of createAgent, which hides its system prompt',
      hint: 'Pass the agent instead of its graph. Inside another graph, return the text of a tunable(name, text) of gepa-core from dynamicSystemPromptMiddleware of langchain, and add it to `tunables`.',
    },
  },
  {
    matches: (node) => (node.func as { name?: unknown } | undefined)?.name === 'callModel',
    skip: {
      reason: 'it is code, which hides the `prompt` of createReactAgent',
      hint: 'Use createAgent({ systemPrompt }) of langchain, or make `prompt` a function that reads a tunable(name, text) of gepa-core, and add it to `tunables`.',
    },
  },
  {
    matches: hasPrivateFields,
    skip: {
      reason: 'its class has private fields (#name), so it cannot be copied with other texts',
      hint: 'Build it from runnables instead, or read its texts from a tunable(name, text) of gepa-core, and add it to `tunables`.',
    },
  },
  {
    matches: (node) => node.lg_is_pregel === true,
    skip: {
      reason: 'it is a remote graph',
      hint: 'Optimize the graph itself, in the process that runs it.',
    },
  },
  // Placeholders for messages, RunnablePick, RunnablePassthrough and the image parts of messages.
  { matches: (node) => typeof node.variableName === 'string' },
  {
    matches: (node) =>
      ['RunnablePick', 'RunnablePassthrough', 'ImagePromptTemplate'].includes(typeName(node)),
  },
  {
    matches: hasMethod('func'),
    skip: { reason: codeReason, hint: tunableHint },
  },
  {
    matches: (node) => node instanceof Promise,
    skip: { reason: 'it is a promise', hint: 'Await it first.' },
  },
  {
    matches: (node) => hasMethod('compile')(node) && hasMethod('addNode')(node),
    skip: { reason: 'it is not compiled', hint: 'Pass the result of its compile().' },
  },
  {
    matches: isRunnable,
    skip: { reason: 'its class is unknown', hint: tunableHint },
  },
];

/** `undefined` for nodes that never have a text: models, output parsers, placeholders. */
export function skipReason(value: unknown): SkipReason | undefined {
  if (typeof value === 'function') return { reason: codeReason, hint: tunableHint };
  if (!isNode(value)) {
    return { reason: `it is ${typeName(value)}, not a part of a program`, hint: programHint };
  }
  const rule = rules.find(({ matches }) => matches(value));
  return rule === undefined ? { reason: 'it is not a LangChain runnable', hint: programHint } : rule.skip;
}
