import type { ComponentKind } from 'gepa-core';
import type { At } from './edit.ts';
import { isNode, isRunnable, type Node } from './node.ts';
import { type ChildPart, given, type Part, type TextPart } from './node-kind.ts';
import { jsonInners } from './schema/json.ts';
import { isZodSchema, zodInners } from './schema/zod.ts';

/**
 * What describes tools to a model in a list of them: LangChain's tools, which are nodes of their own, and definitions
 * in the formats of the providers.
 */
export function toolListParts(tools: unknown, at: At): Part[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, i): Part[] => {
    if (!isNode(tool)) return [];
    if (!isRunnable(tool)) return definitionParts(tool, [...at, i]);
    const name = String(tool.name);
    return [{ at: [...at, i], child: tool, place: `tool "${name}"` } as ChildPart];
  });
}

/** The descriptions of a tool in the format of a provider. */
function definitionParts(tool: Node, at: At): Part[] {
  if (isNode(tool.function)) return definitionParts(tool.function, [...at, 'function']);
  if (Array.isArray(tool.functionDeclarations)) {
    return toolListParts(tool.functionDeclarations, [...at, 'functionDeclarations']);
  }
  if (typeof tool.name !== 'string') return [];
  const about = { name: `tools.${tool.name}`, place: `tool "${tool.name}"`, root: '.arguments' };
  const key = ['parameters', 'input_schema', 'schema'].find((one) => isNode(tool[one])) ?? 'parameters';
  return describedParts(tool, key, at, 'tool-description', about);
}

/** The descriptions of what a model is to answer: a schema, or a strategy of `createAgent` that holds one. */
export function outputParts(format: unknown, at: At): Part[] {
  if (Array.isArray(format)) return format.flatMap((one, i) => outputParts(one, [...at, i]));
  if (!isNode(format)) return [];
  const about = { name: 'output', place: 'structured output' };
  const described = (holder: Node, key: string, within: At) =>
    describedParts(holder, key, within, 'field-description', about);
  if (isNode(format.tool) && isNode(format.tool.function)) {
    return described(format.tool.function, 'parameters', [...at, 'tool', 'function']);
  }
  if (isZodSchema(format) || isNode(format.properties)) return schemaParts(format, at, about);
  if (isNode(format.json_schema)) return described(format.json_schema, 'schema', [...at, 'json_schema']);
  return isNode(format.schema) ? outputParts(format.schema, [...at, 'schema']) : [];
}

/** What is described. */
interface About {
  /** The beginning of the components' names; none where the node itself is named. */
  readonly name?: string;
  readonly place: string;
  /** The way to a field of it. */
  readonly field?: string;
  /** Whether the node itself is what is described, so that its location need not say so again. */
  readonly isNode?: boolean;
  /** What the description of the whole schema adds to the name. */
  readonly root?: string;
}

/** The descriptions of a tool or an output and of its schema, which may repeat it. */
export function describedParts(
  holder: Node,
  key: string,
  at: At,
  kind: ComponentKind,
  about: About,
): TextPart[] {
  const { description } = holder;
  const schema = holder[key];
  const isTold = isNode(schema) && typeof description === 'string' && schema.description === description;
  const also: At[] = isTold ? [[...at, key, 'description']] : [];
  return [
    ...descriptionPart(description, [...at, 'description'], kind, { ...about, root: '' }, also),
    ...schemaParts(schema, [...at, key], about, isTold ? description : undefined),
  ];
}

/**
 * The descriptions in a schema, of zod or JSON, at every depth: its own, and those of the fields, items and members
 * in it.
 * @param told what has been said of the whole already.
 */
function schemaParts(schema: unknown, at: At, about: About, told?: string): TextPart[] {
  const seen = new Set<unknown>();
  const walk = (one: unknown, to: At, path: string, told?: string, isField?: boolean): TextPart[] => {
    if (!isNode(one) || seen.has(one)) return [];
    seen.add(one);
    const text = told ?? one.description;
    const inners = isZodSchema(one) ? zodInners(one, isField) : jsonInners(one);
    return [
      ...(told === undefined
        ? descriptionPart(text, [...to, 'description'], 'field-description', within(about, path))
        : []),
      ...inners.flatMap(({ at, schema, name, covered, isField: isInField = covered && isField }) => {
        const isTold = name === '' && typeof text === 'string' && (covered || schema.description === text);
        return walk(schema, [...to, ...at], `${path}${name}`, isTold ? text : undefined, isInField);
      }),
    ];
  };
  return walk(schema, at, '', told);
}

/** What stands at a path such as `.items[].price` in what is described. */
function within(about: About, path: string): About {
  const { name = '', root = '' } = about;
  const field = path.replace(/^\./, '');
  return {
    ...about,
    name: name === '' ? field || root.slice(1) : `${name}${path || root}`,
    ...(field === '' ? {} : { field }),
  };
}

function descriptionPart(
  text: unknown,
  at: At,
  kind: ComponentKind,
  { name = '', place, field, isNode }: About,
  also: readonly At[] = [],
): TextPart[] {
  if (typeof text !== 'string') return [];
  const what =
    kind === 'tool-description' ? 'Tells the model what the tool is for' : 'Tells the model what to fill in';
  const own = field === undefined ? 'description' : `field "${field}"`;
  const whole = field === undefined ? place : `${place}, ${own}`;
  return [
    {
      at,
      ...(also.length === 0 ? {} : { also }),
      text,
      format: 'plain',
      kind,
      place: isNode === true ? own : whole,
      description: `${what}: ${whole}.`,
      ...(name === '' ? {} : { label: given(name) }),
    },
  ];
}
