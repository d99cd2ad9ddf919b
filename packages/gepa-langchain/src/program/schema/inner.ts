import type { Node } from '../node.ts';

/** A schema within a schema. */
export interface Inner {
  /** Where it is in the schema that holds it. */
  readonly at: readonly (string | number)[];
  readonly schema: Node;
  /** What it adds to the name: `.price`, `[]`, `[value]`; nothing where it stands for the same value. */
  readonly name: string;
  /** Whether a description of the schema that holds it takes the place of its own. */
  readonly covered?: boolean;
  /** Whether it is a field of an object. */
  readonly isField?: boolean;
}

/**
 * What the members of a union add to the name: the value of the field that tells them apart, else their number;
 * nothing for the only one beside null.
 */
export function memberNames<Member>(
  members: readonly Member[],
  { isNull, constants }: { isNull(member: Member): boolean; constants(member: Member): Constants },
): string[] {
  const real = members.filter((member) => !isNull(member));
  if (real.length <= 1) return members.map(() => '');
  const told = real.map(constants);
  const tag = Object.keys(told[0]!).find(
    (key) =>
      told.every((values) => Object.hasOwn(values, key)) &&
      new Set(told.map((values) => values[key])).size === real.length,
  );
  return members.map((member, i) =>
    isNull(member) ? '' : `.${tag === undefined ? `option${i + 1}` : String(constants(member)[tag])}`,
  );
}

/** The fields of an object that can have one value only, with it. */
export type Constants = Readonly<Record<string, unknown>>;
