import { outputParts } from './descriptions.ts';
import { isMessage, isNode, isRunnable, type Node } from './node.ts';
import { type ChildPart, type NodeKind, named, positioned, type TextPart } from './node-kind.ts';
import type { TemplateFormat } from './template/template.ts';

/** ChatPromptTemplate and StructuredPrompt: a list of messages and message templates. */
const chatPrompt: NodeKind = {
  prompt: true,
  matches: (node) => isRunnable(node) && Array.isArray(node.promptMessages),
  parts: (node) => [
    ...(node.promptMessages as readonly unknown[]).map((child, i): ChildPart => {
      const role = roleOf(child);
      const place = `message ${i + 1}`;
      return {
        at: ['promptMessages', i],
        child,
        ...(role === undefined ? { place } : positioned(role, `${place} (${role})`)),
      };
    }),
    ...partialValues(node),
    ...outputParts(node.schema, ['schema']),
  ],
  declaresVariables: true,
};

/** System-, Human-, AI- and ChatMessagePromptTemplate: one template or several content parts. */
const messageTemplate: NodeKind = {
  prompt: true,
  matches: (node) =>
    isRunnable(node) &&
    typeof node.formatMessages === 'function' &&
    (isNode(node.prompt) || Array.isArray(node.prompt)),
  parts: (node) =>
    Array.isArray(node.prompt)
      ? node.prompt.map((child, i) => ({ at: ['prompt', i], child, place: `content part ${i + 1}` }))
      : [{ at: ['prompt'], child: node.prompt }],
  declaresVariables: true,
};

/** A literal message. */
export const message: NodeKind = {
  prompt: true,
  matches: isMessage,
  parts: (node) => {
    if (typeof node.content === 'string') return [plainText(['content'], node.content)];
    if (!Array.isArray(node.content)) return [];
    return node.content.flatMap((part: unknown, i) =>
      isNode(part) && typeof part.text === 'string'
        ? [{ ...plainText(['content', i, 'text'], part.text), place: `content part ${i + 1}` }]
        : [],
    );
  },
};

/** PromptTemplate: a single template. */
const stringPrompt: NodeKind = {
  prompt: true,
  matches: (node) =>
    isRunnable(node) && typeof node.template === 'string' && isTemplateFormat(node.templateFormat),
  parts: (node) => [templateText(node, 'template'), ...partialValues(node)],
  declaresVariables: true,
};

/** DictPromptTemplate: a content part of a message that is neither plain text nor an image. */
export const contentPart: NodeKind = {
  prompt: true,
  matches: (node) => isRunnable(node) && isNode(node.template) && isTemplateFormat(node.templateFormat),
  parts: (node) => {
    const { text } = node.template as Node;
    const format = node.templateFormat as TemplateFormat;
    return typeof text === 'string' ? [{ at: ['template', 'text'], text, format, kind: 'prompt' }] : [];
  },
};

/** FewShotChatMessagePromptTemplate: examples as messages. */
const fewShotChat: NodeKind = {
  prompt: true,
  matches: (node) =>
    isRunnable(node) && isRunnable(node.examplePrompt) && typeof node.formatMessages === 'function',
  parts: (node) => [
    { at: ['examplePrompt'], child: node.examplePrompt, ...positioned('example', 'example prompt') },
    ...partialValues(node),
  ],
};

/** FewShotPromptTemplate: examples between a prefix and a suffix. */
export const fewShot: NodeKind = {
  prompt: true,
  matches: (node) =>
    isRunnable(node) && isRunnable(node.examplePrompt) && isTemplateFormat(node.templateFormat),
  parts: (node) => [
    { ...templateText(node, 'prefix'), ...positioned('prefix') },
    { ...templateText(node, 'suffix'), ...positioned('suffix') },
    ...partialValues(node),
  ],
  declaresVariables: true,
};

/** PipelinePromptTemplate: prompts whose outputs are variables of a final prompt. */
const pipeline: NodeKind = {
  prompt: true,
  matches: (node) => isRunnable(node) && Array.isArray(node.pipelinePrompts) && isRunnable(node.finalPrompt),
  parts: (node) => [
    ...(node.pipelinePrompts as readonly { name: string; prompt: unknown }[]).map(
      ({ name, prompt }, i): ChildPart => ({
        at: ['pipelinePrompts', i, 'prompt'],
        child: prompt,
        ...named('part', name),
      }),
    ),
    { at: ['finalPrompt'], child: node.finalPrompt, ...positioned('final', 'final prompt') },
    ...partialValues(node),
  ],
  declaresVariables: true,
};

/** Nodes that contain texts or other prompts. The order matters: some match the rules of later kinds too. */
export const prompts: readonly NodeKind[] = [
  chatPrompt,
  fewShotChat,
  fewShot,
  pipeline,
  messageTemplate,
  stringPrompt,
  contentPart,
  message,
];

function templateText(node: Node, field: string): TextPart {
  return {
    at: [field],
    text: node[field] as string,
    format: node.templateFormat as TemplateFormat,
    kind: 'prompt',
  };
}

function plainText(at: TextPart['at'], text: string): TextPart {
  return { at, text, format: 'plain', kind: 'prompt' };
}

/** Values of variables that the program's author filled in, such as format instructions. */
function partialValues(node: Node): TextPart[] {
  return Object.entries(node.partialVariables ?? {}).flatMap(
    ([name, value]: [string, unknown]): TextPart[] =>
      typeof value === 'string'
        ? [
            {
              at: ['partialVariables', name],
              ...named('partial variable', name),
              text: value,
              format: 'plain',
              kind: 'text',
              description: `Stands for {${name}} in the prompt.`,
            },
          ]
        : [],
  );
}

function isTemplateFormat(format: unknown): boolean {
  return format === 'f-string' || format === 'mustache';
}

/** The role of a message or a message template. */
function roleOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (typeof node.role === 'string') return node.role;
  if (isMessage(node)) return node._getType();
  const type = node.constructor as unknown as { _messageClass?: () => unknown };
  if (typeof type._messageClass !== 'function') return undefined;
  const messageClass = type._messageClass() as { lc_name(): string };
  return messageClass
    .lc_name()
    .replace(/Message$/, '')
    .toLowerCase();
}
