import type { ComponentKind } from 'gepa-core';
import type { KeyPath } from './copy-with.ts';
import { isNode, isRunnable, type Node } from './node.ts';
import { authorLabel, type Part, type TextPart } from './node-kind.ts';
import { jsonSubschemas } from './schema/json.ts';
import { isZodSchema, zodSubschemas } from './schema/zod.ts';

/** The parts of a list of tools: LangChain's tools, which are nodes, and the definitions in providers' formats. */
export function toolListParts(tools: unknown, at: KeyPath): Part[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, i): Part[] => {
    if (!isNode(tool)) return [];
    if (!isRunnable(tool)) return definitionParts(tool, [...at, i]);
    return [{ at: [...at, i], child: tool, place: `tool "${String(tool.name)}"` }];
  });
}

/** The descriptions of a tool in a provider's format. */
function definitionParts(tool: Node, at: KeyPath): Part[] {
  if (isNode(tool.function)) return definitionParts(tool.function, [...at, 'function']);
  if (Array.isArray(tool.functionDeclarations)) {
    return toolListParts(tool.functionDeclarations, [...at, 'functionDeclarations']);
  }
  if (typeof tool.name !== 'string') return [];
  const subject = { name: `tools.${tool.name}`, place: `tool "${tool.name}"`, root: '.arguments' };
  const key = ['parameters', 'input_schema', 'schema'].find((one) => isNode(tool[one])) ?? 'parameters';
  return describedParts(tool, key, at, 'tool-description', subject);
}

/** The descriptions of structured output: in a schema, or in a strategy of `createAgent` that has one. */
export function outputParts(format: unknown, at: KeyPath): Part[] {
  if (Array.isArray(format)) return format.flatMap((one, i) => outputParts(one, [...at, i]));
  if (!isNode(format)) return [];
  const subject = { name: 'output', place: 'structured output' };
  const described = (owner: Node, key: string, ownerAt: KeyPath) =>
    describedParts(owner, key, ownerAt, 'field-description', subject);
  if (isNode(format.tool) && isNode(format.tool.function)) {
    return described(format.tool.function, 'parameters', [...at, 'tool', 'function']);
  }
  if (isZodSchema(format) || isNode(format.properties)) return schemaParts(format, at, subject);
  if (isNode(format.json_schema)) return described(format.json_schema, 'schema', [...at, 'json_schema']);
  return isNode(format.schema) ? outputParts(format.schema, [...at, 'schema']) : [];
}

/** The tool or output that descriptions belong to. */
interface Subject {
  /** The prefix of component names. Absent when the node itself is the subject: its name is then the prefix. */
  readonly name?: string;
  /** Absent when the node itself is the subject: its location then need not be repeated. */
  readonly place?: string;
  /** The path of a field in it. */
  readonly field?: string;
  /** The suffix of the component name for the description of the whole schema. */
  readonly root?: string;
}

/** The descriptions of a tool or an output, and those in its schema. The schema may repeat the description. */
export function describedParts(
  owner: Node,
  key: string,
  at: KeyPath,
  kind: ComponentKind,
  subject: Subject,
): TextPart[] {
  const { description } = owner;
  const schema = owner[key];
  const isRepeated = isNode(schema) && typeof description === 'string' && schema.description === description;
  const copiesAt: KeyPath[] = isRepeated ? [[...at, key, 'description']] : [];
  return [
    ...descriptionPart(description, [...at, 'description'], kind, { ...subject, root: '' }, copiesAt),
    ...schemaParts(schema, [...at, key], subject, isRepeated ? description : undefined),
  ];
}

/**
 * The descriptions in a zod or JSON schema at every depth: its own, and those of its fields, items and members.
 * @param outerDescription a description of the same value that was found already, and is not repeated.
 */
function schemaParts(schema: unknown, at: KeyPath, subject: Subject, outerDescription?: string): TextPart[] {
  const seen = new Set<unknown>();
  const walk = (
    current: unknown,
    currentAt: KeyPath,
    path: string,
    outer?: string,
    isField?: boolean,
  ): TextPart[] => {
    if (!isNode(current) || seen.has(current)) return [];
    seen.add(current);
    const description = outer ?? current.description;
    const subschemas = isZodSchema(current) ? zodSubschemas(current, isField) : jsonSubschemas(current);
    return [
      ...(outer === undefined
        ? descriptionPart(
            description,
            [...currentAt, 'description'],
            'field-description',
            atPath(subject, path),
          )
        : []),
      ...subschemas.flatMap(({ at, schema, name, overridden, isField: isOwnField }) => {
        const isDescribed =
          name === '' &&
          typeof description === 'string' &&
          (overridden || schema.description === description);
        return walk(
          schema,
          [...currentAt, ...at],
          `${path}${name}`,
          isDescribed ? description : undefined,
          isOwnField ?? (overridden && isField),
        );
      }),
    ];
  };
  return walk(schema, at, '', outerDescription);
}

/** The subject at a path within the schema, such as `.items[].price`. */
function atPath(subject: Subject, path: string): Subject {
  const { name = '', root = '' } = subject;
  const field = path.replace(/^\./, '');
  return {
    ...subject,
    name: name === '' ? field || root.slice(1) : `${name}${path || root}`,
    field: field === '' ? undefined : field,
  };
}

function descriptionPart(
  text: unknown,
  at: KeyPath,
  kind: ComponentKind,
  { name = '', place, field }: Subject,
  copiesAt: readonly KeyPath[] = [],
): TextPart[] {
  if (typeof text !== 'string') return [];
  const places = [place, field && `field "${field}"`].filter((one) => one !== undefined);
  return [
    {
      at,
      copiesAt,
      text,
      format: 'plain',
      kind,
      place: places.join(', ') || 'description',
      label: name === '' ? undefined : authorLabel(name),
    },
  ];
}
