import { isNode, isRunnable, type Node, typeName } from './node.ts';
import { hasPrivateFields } from './private-fields.ts';

/** Why a node that is no container and no prompt is passed over, and what can be done about it. */
export interface PassedOver {
  readonly reason: string;
  readonly hint: string;
}

const programHint = 'Give gepa a runnable, a compiled graph or an agent of createAgent.';

const tunableHint =
  'Move the text into a prompt template of the program, or read it from tunable(name, text) of gepa-core and name that in `tunables`.';

interface LeafKind {
  matches(node: Node): boolean;
  /** Absent: there is no text to look for. */
  readonly passedOver?: PassedOver;
}

const has = (method: string) => (node: Node) => typeof node[method] === 'function';

const leafKinds: readonly LeafKind[] = [
  { matches: has('_llmType') },
  {
    matches: (node) =>
      (has('parseResult')(node) || has('_getRelevantDocuments')(node)) &&
      Object.values(node).some(isRunnable),
    passedOver: {
      reason: 'it runs others in a way that is not known, and what they are told cannot be replaced',
      hint: 'Compose it of runnables instead: a prompt and a model in a sequence.',
    },
  },
  { matches: has('parseResult') },
  { matches: has('_getRelevantDocuments') },
  {
    matches: (node) => typeName(node) === 'AgentNode',
    passedOver: {
      reason: 'it is a part of an agent of createAgent, which keeps its system prompt to itself',
      hint: 'Give gepa the agent instead of its graph; inside another graph, let dynamicSystemPromptMiddleware of langchain return the text of a tunable(name, text) of gepa-core, and name that in `tunables`.',
    },
  },
  {
    matches: (node) => (node.func as { name?: unknown } | undefined)?.name === 'callModel',
    passedOver: {
      reason: 'it is code, and the `prompt` of createReactAgent can no longer be seen in it',
      hint: 'Use createAgent({ systemPrompt }) of langchain, or let `prompt` be a function that reads tunable(name, text) of gepa-core, and name that in `tunables`.',
    },
  },
  {
    matches: hasPrivateFields,
    passedOver: {
      reason: 'its class has private fields (#name), so that no copy of it with other texts can be made',
      hint: 'Compose it of runnables instead, or read its texts from tunable(name, text) of gepa-core and name that in `tunables`.',
    },
  },
  {
    matches: (node) => node.lg_is_pregel === true,
    passedOver: {
      reason: 'it is a graph that runs elsewhere',
      hint: 'Give gepa the graph itself, where it runs.',
    },
  },
  // Placeholders for messages, RunnablePick, RunnablePassthrough and the image parts of messages.
  { matches: (node) => typeof node.variableName === 'string' },
  {
    matches: (node) =>
      ['RunnablePick', 'RunnablePassthrough', 'ImagePromptTemplate'].includes(typeName(node)),
  },
  {
    matches: has('func'),
    passedOver: { reason: 'it is code, and text inside code cannot be seen', hint: tunableHint },
  },
  {
    matches: (node) => node instanceof Promise,
    passedOver: { reason: 'it is still on its way', hint: 'Await it, and give gepa what it brings.' },
  },
  {
    matches: (node) => has('compile')(node) && has('addNode')(node),
    passedOver: { reason: 'it is not compiled', hint: 'Give gepa what its compile() returns.' },
  },
  {
    matches: isRunnable,
    passedOver: { reason: 'it is of a class whose inside is not known', hint: tunableHint },
  },
];

/** `undefined` for what holds no text by its nature: models, output parsers, placeholders. */
export function passedOver(value: unknown): PassedOver | undefined {
  if (typeof value === 'function')
    return { reason: 'it is code, and text inside code cannot be seen', hint: tunableHint };
  if (!isNode(value)) {
    return { reason: `it is no part of a program, but ${typeName(value)}`, hint: programHint };
  }
  const kind = leafKinds.find((leaf) => leaf.matches(value));
  return kind === undefined ? { reason: 'it is no LangChain runnable', hint: programHint } : kind.passedOver;
}
