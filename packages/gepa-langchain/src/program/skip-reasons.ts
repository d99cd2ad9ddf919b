import { hidesPrompt } from './graphs.ts';
import type { OptInReason, UnreadableSite } from './inspect-program.ts';
import { isNode, isRunnable, type Node, typeName } from './node.ts';
import { hasPrivateFields } from './private-fields.ts';

/** Why a node is skipped, and how to make its texts optimizable. */
export interface SkipReason {
  readonly reason: string;
  readonly hint: string;
}

const programHint = 'Pass a runnable, a compiled graph or an agent of createAgent to gepa.';

export const partsHint =
  'Name what it calls or sends in `parts`: a prompt, chain, agent or graph (parts: { agent }), or a text (parts: { rules: RULES }).';

export const codeReason = 'it is code, and texts inside code cannot be found';

/** Why a text cannot be read or written. */
export const unreadableReasons: Readonly<Record<UnreadableSite['unreadable'], SkipReason>> = {
  ambiguous: {
    reason: 'it contains both a variable and the same name in literal braces, which would look alike',
    hint: 'Write the literal in another way, for example <name>.',
  },
  unparsable: {
    reason: 'it does not parse as a template',
    hint: 'Fix the template; LangChain cannot format it either.',
  },
};

/** Why a text is not optimized by default. */
export const optInReasons: Readonly<Record<OptInReason, string>> = {
  description: 'descriptions of tools and fields are not optimized by default',
  onlyVariables: 'it has no words besides its variables',
  onlyLabels: 'it has only labels besides its variables',
  value: 'it looks like a value, not an instruction',
  parserFormat: 'it is the format that an output parser expects',
};

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
      hint: 'Pass the agent instead of its graph, or name it in `parts`: parts: { agent }.',
    },
  },
  {
    matches: hidesPrompt,
    skip: {
      reason: 'it is code, which hides the `prompt` of createReactAgent',
      hint: 'Name its prompt in `parts`, whether it is a string, a message or a template: parts: { prompt: PROMPT }.',
    },
  },
  {
    matches: hasPrivateFields,
    skip: {
      reason: 'its class has private fields (#name), so it cannot be copied with other texts',
      hint: 'Name what it calls or sends in `parts`, or build it from runnables instead.',
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
    skip: { reason: codeReason, hint: partsHint },
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
    skip: { reason: 'its class is unknown', hint: partsHint },
  },
];

/** Why a node is skipped; `undefined` for nodes that never have a text: models, output parsers, placeholders. */
export function skipReason(value: unknown): SkipReason | undefined {
  if (typeof value === 'function') return { reason: codeReason, hint: partsHint };
  if (!isNode(value)) {
    return { reason: `it is ${typeName(value)}, not a part of a program`, hint: programHint };
  }
  const rule = rules.find(({ matches }) => matches(value));
  return rule === undefined ? { reason: 'it is not a LangChain runnable', hint: programHint } : rule.skip;
}
