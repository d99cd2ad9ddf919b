import type { ComponentKind } from 'gepa-core';
import type { At } from './edit.ts';
import { isNode, isRunnable, type Node } from './node.ts';
import { type ChildPart, given, type Part, type TextPart } from './node-kind.ts';
import { isZodObject, isZodSchema, zodDescription } from './zod-schema.ts';

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
  const schema = ['parameters', 'input_schema', 'schema'].find((key) => isNode(tool[key]));
  if (typeof tool.name !== 'string') return [];
  const about = { name: `tools.${tool.name}`, place: `tool "${tool.name}"` };
  return [
    ...descriptionPart(tool.description, [...at, 'description'], 'tool-description', about),
    ...(schema === undefined ? [] : fieldParts(tool[schema], [...at, schema], about)),
  ];
}

/** The descriptions of what a model is to answer: a schema, or a strategy of `createAgent` that holds one. */
export function outputParts(format: unknown, at: At): Part[] {
  if (Array.isArray(format)) return format.flatMap((one, i) => outputParts(one, [...at, i]));
  if (!isNode(format)) return [];
  const about = { name: 'output', place: 'structured output' };
  if (isZodSchema(format) || isNode(format.properties)) return schemaParts(format, at, about);
  if (isNode(format.tool) && isNode(format.tool.function)) {
    const { description, parameters } = format.tool.function;
    const inside: At = [...at, 'tool', 'function'];
    return [
      ...descriptionPart(description, [...inside, 'description'], 'field-description', about),
      ...fieldParts(parameters, [...inside, 'parameters'], about),
    ];
  }
  const inner = ['json_schema', 'schema'].find((key) => isNode(format[key]));
  return inner === undefined ? [] : outputParts(format[inner], [...at, inner]);
}

function schemaParts(schema: Node, at: At, about: About): Part[] {
  return [
    ...descriptionPart(schema.description, [...at, 'description'], 'field-description', about),
    ...fieldParts(schema, at, about),
  ];
}

/** What is described. */
interface About {
  /** The beginning of the components' names; none where the node itself is named. */
  readonly name?: string;
  readonly place: string;
}

/** The descriptions of the fields of a schema, of zod or JSON, and of the objects in them. */
export function fieldParts(schema: unknown, at: At, about: About): TextPart[] {
  const [key, fields] = isZodObject(schema)
    ? ['shape', schema.shape]
    : isNode(schema) && isNode(schema.properties)
      ? ['properties', schema.properties]
      : ['', {}];
  return Object.entries(fields).flatMap(([name, field]) => {
    if (!isNode(field)) return [];
    const inner = {
      name: about.name === undefined ? name : `${about.name}.${name}`,
      place: `${about.place}, field "${name}"`,
    };
    const description = isZodSchema(field) ? zodDescription(field) : field.description;
    return [
      ...descriptionPart(description, [...at, key, name, 'description'], 'field-description', inner),
      ...fieldParts(field, [...at, key, name], inner),
    ];
  });
}

export function descriptionPart(
  text: unknown,
  at: At,
  kind: ComponentKind,
  { name, place }: About,
): TextPart[] {
  if (typeof text !== 'string') return [];
  const what =
    kind === 'tool-description' ? 'Tells the model what the tool is for' : 'Tells the model what to fill in';
  return [
    {
      at,
      text,
      format: 'plain',
      kind,
      place,
      description: `${what}: ${place}.`,
      ...(name === undefined ? {} : { label: given(name) }),
    },
  ];
}
