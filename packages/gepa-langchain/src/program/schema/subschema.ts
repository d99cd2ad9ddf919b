import type { Node } from '../node.ts';

/** A schema within a schema. */
export interface Subschema {
  /** Its path in the schema that contains it. */
  readonly at: readonly (string | number)[];
  readonly schema: Node;
  /** What it adds to the component name: `.price`, `[]`, `[value]`; empty when it describes the same value. */
  readonly name: string;
  /** Whether a description of the containing schema replaces its own. */
  readonly overridden?: boolean;
  /** Whether it is a field of an object. */
  readonly isField?: boolean;
}

/**
 * What the members of a union add to the component name: the value of the field that distinguishes them, else their
 * number. Empty for null, and for the only member besides null.
 */
export function memberNames<Member>(
  members: readonly Member[],
  { isNull, constants }: { isNull(member: Member): boolean; constants(member: Member): Constants },
): string[] {
  const nonNull = members.filter((member) => !isNull(member));
  if (nonNull.length <= 1) return members.map(() => '');
  const fields = nonNull.map(constants);
  const tag = Object.keys(fields[0]!).find(
    (key) =>
      fields.every((values) => Object.hasOwn(values, key)) &&
      new Set(fields.map((values) => values[key])).size === nonNull.length,
  );
  return members.map((member, i) =>
    isNull(member) ? '' : `.${tag === undefined ? `option${i + 1}` : String(constants(member)[tag])}`,
  );
}

/** The fields of an object that have only one possible value, with that value. */
export type Constants = Readonly<Record<string, unknown>>;

/** The fields with one possible value, which `valuesOf` lists. */
export function constantsIn<Field>(
  fields: Readonly<Record<string, Field>>,
  valuesOf: (field: Field) => unknown,
): Constants {
  const entries = Object.entries(fields).flatMap(([key, field]) => {
    const values = valuesOf(field);
    return Array.isArray(values) && values.length === 1 ? [[key, values[0]]] : [];
  });
  return Object.fromEntries(entries);
}
