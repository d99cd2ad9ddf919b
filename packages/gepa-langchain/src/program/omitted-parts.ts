import { agent } from './agents.ts';
import { toolNode } from './graphs.ts';
import { isNode, isRunnable, type Node } from './node.ts';
import { type NodeKind, named, type PartBase } from './node-kind.ts';
import { hasPrivateFields } from './private-fields.ts';
import { contentPart, fewShot, message } from './prompts.ts';
import { isZodSchema } from './schema/zod.ts';
import { codeReason, partsHint, type SkipReason } from './skip-reasons.ts';
import { tool } from './tools.ts';

/** A part with texts that cannot be optimized. Finding and copying the texts of a program pass over it. */
export interface OmittedPart extends PartBase {
  readonly skip: SkipReason;
}

/** The omitted parts of a node. */
export function omittedParts(node: Node, kind: NodeKind): OmittedPart[] {
  const ofKind = kindsWithOmissions.get(kind)?.(node) ?? [];
  return kind.prompt === true ? [...ofKind, ...partialFunctions(node)] : ofKind;
}

const kindsWithOmissions: ReadonlyMap<NodeKind, (node: Node) => OmittedPart[]> = new Map([
  [agent, middleware],
  [toolNode, partsOfToolNode],
  [tool, partsOfTool],
  [fewShot, fewShotExample],
  [message, partsOfMessage],
  [contentPart, ({ template }) => otherTexts(template as Node, ['template'])],
]);

function middleware(node: Node): OmittedPart[] {
  const { middleware } = node.options as Node;
  return (Array.isArray(middleware) ? middleware : []).map((item: unknown, i) => ({
    at: ['options', 'middleware', i],
    place: `middleware "${isNode(item) ? String(item.name) : i + 1}"`,
    skip: { reason: codeReason, hint: partsHint },
  }));
}

function partsOfToolNode(node: Node): OmittedPart[] {
  return [
    ...(node.tools as readonly Node[]).flatMap((one, i) =>
      isRunnable(one) && !hasPrivateFields(one)
        ? implementation(one, ['tools', i], named('tool', String(one.name)).place)
        : [],
    ),
    {
      at: ['tools'],
      place: 'descriptions of tools',
      skip: {
        reason: 'the model receives them from the tools bound to it, not from here',
        hint: 'Bind the tools in a runnable, as in prompt.pipe(model.bindTools(tools)), or use createAgent of langchain.',
      },
    },
  ];
}

function partsOfTool(node: Node): OmittedPart[] {
  const { schema } = node;
  return [
    ...(isNode(schema) && '~standard' in schema && !isZodSchema(schema)
      ? [
          {
            at: ['schema'],
            place: 'schema',
            skip: {
              reason:
                'it is not a zod schema, and descriptions in schemas of other libraries cannot be replaced',
              hint: 'Use a schema of zod 3 or 4 or a JSON schema, or move its descriptions into the description of the tool.',
            },
          },
        ]
      : []),
    ...implementation(node, []),
  ];
}

/** The function that a tool calls, unless it is a runnable. */
function implementation(node: Node, at: PartBase['at'], place?: string): OmittedPart[] {
  if (isRunnable(node.bound)) return [];
  const skip = {
    reason: 'the implementation of the tool is code, and texts inside code cannot be found',
    hint: `If it calls a model: ${partsHint.charAt(0).toLowerCase()}${partsHint.slice(1)}`,
  };
  return [{ at: [...at, 'func'], place, skip }];
}

function fewShotExample(): OmittedPart[] {
  return [
    {
      at: ['examplePrompt'],
      place: 'example prompt',
      skip: {
        reason: 'LangChain formats it twice, so braces in it would be lost',
        hint: 'Move the text to the prefix or the suffix, or use FewShotChatMessagePromptTemplate.',
      },
    },
  ];
}

function partsOfMessage({ content }: Node): OmittedPart[] {
  return (Array.isArray(content) ? content : []).flatMap((part: unknown, i) =>
    isNode(part) ? otherTexts(part, ['content', i], `content part ${i + 1}`) : [],
  );
}

/** Texts outside a content part's `text`, such as a document. */
function otherTexts({ text: _text, ...rest }: Node, at: PartBase['at'], place?: string): OmittedPart[] {
  if (!hasWords(rest)) return [];
  const skip = {
    reason: 'a text outside the `text` of a content part may be data',
    hint: 'Move the text to a part of its own: { type: "text", text }.',
  };
  return [{ at, place, skip }];
}

function hasWords(value: unknown): boolean {
  if (typeof value === 'string') return /\S\s+\S/.test(value);
  return isNode(value) && Object.values(value).some(hasWords);
}

/** Functions among the values of variables that the program's author filled in. */
function partialFunctions(node: Node): OmittedPart[] {
  return Object.entries(node.partialVariables ?? {}).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'string'
      ? []
      : [
          {
            at: ['partialVariables', name],
            place: named('partial variable', name).place,
            skip: {
              reason: 'it is a function, and texts inside code cannot be found',
              hint: 'Make it a string, or return the text of a tunable(name, text) from the function, and add it to `tunables`.',
            },
          },
        ],
  );
}
