// Small entries check their options with these, so no schema library is imported here. Constants that call a function stay in
// every bundle, so kinds that need one are made where they are used.

/** A kind of value, for checks of options and of saved files. */
export interface Kind {
  /** Completes the sentence "It must be …". */
  readonly words: string;
  readonly is: (value: unknown) => boolean;
  /** Default: it may be left out. */
  readonly isRequired?: boolean;
  /** The kinds of an object's fields. */
  readonly fields?: Kinds;
  /** Whether the object may have other fields. Default `false`. */
  readonly isOpen?: boolean;
  /** The kind of each value of an object with any names. */
  readonly each?: Kind;
}

export type Kinds = Readonly<Record<string, Kind>>;

/** A value that is not of its kind. */
export interface Mismatch {
  /** The names of the fields that lead to the value. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** What it must be; `undefined` for a field that does not exist. */
  readonly words: string | undefined;
  /** The names of the fields that exist beside it. */
  readonly known: readonly string[];
}

/** Finds the values that are not of their kind, in fields too. */
export function* mismatches(
  value: unknown,
  { words, is, isRequired, fields, isOpen, each }: Kind,
  path: readonly string[] = [],
): Generator<Mismatch> {
  if (value === undefined ? isRequired : !is(value)) yield { path, value, words, known: [] };
  if (typeof value !== 'object' || !is(value) || (fields ?? each) === undefined) return;
  const given = value as Readonly<Record<string, unknown>>;
  const known = Object.keys(fields ?? given);
  const unknown = isOpen ? [] : Object.keys(given).filter((name) => !known.includes(name));
  for (const name of unknown) yield { path: [...path, name], value: given[name], words: undefined, known };
  for (const name of known) yield* mismatches(given[name], fields?.[name] ?? each!, [...path, name]);
}

/** The kind of an object with these fields. */
export const objectOf = (fields: Kinds): Kind => ({ ...anObject, fields });

export const required = (kind: Kind): Kind => ({ ...kind, isRequired: true });

export const oneOf = (...values: readonly string[]): Kind => ({
  words: values.map((value) => `'${value}'`).join(' or '),
  is: (value) => values.includes(value as string),
});

export const aFlag: Kind = { words: '`true` or `false`', is: (value) => typeof value === 'boolean' };

/** It may be empty. */
export const aString: Kind = { words: 'a text', is: (value) => typeof value === 'string' };

export const aText: Kind = {
  words: 'a text that is not empty',
  is: (value) => typeof value === 'string' && value !== '',
};

export const aFunction: Kind = { words: 'a function', is: (value) => typeof value === 'function' };

export const aNumber: Kind = { words: 'a number', is: (value) => Number.isFinite(value) };

export const notNegative: Kind = {
  words: 'a number of 0 or more',
  is: (value) => Number.isFinite(value) && (value as number) >= 0,
};

/** Also `Infinity`. */
export const aNumberFrom = (minimum: number): Kind => ({
  words: `a number of ${minimum} or more`,
  is: (value) => typeof value === 'number' && value >= minimum,
});

export const aPositiveNumber: Kind = {
  words: 'a number above 0',
  is: (value) => Number.isFinite(value) && (value as number) > 0,
};

export const aWholeNumber: Kind = {
  words: 'a whole number',
  is: (value) => Number.isSafeInteger(value),
};

export const aCount: Kind = {
  words: 'a whole number of 1 or more',
  is: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
};

export const aCountFrom = (minimum: number): Kind => ({
  words: `a whole number of ${minimum} or more`,
  is: (value) => Number.isSafeInteger(value) && (value as number) >= minimum,
});

/** Examples, or anything else that needs one item or more. */
export const aFilledList = (item: string): Kind => ({
  words: `an array with at least one ${item}`,
  is: (value) => Array.isArray(value) && value.length > 0,
});

/** Texts by name, or anything else with named fields. A `Map` or a `Promise` has none. */
export const anObject: Kind = {
  words: 'an object',
  is: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !/ (?:Array|Map|Set|WeakMap|Date|RegExp|Promise|Error)]$/.test(Object.prototype.toString.call(value)),
};

/** Its kind is checked elsewhere. */
export const anyValue: Kind = { words: 'a value', is: () => true };

export const aList: Kind = { words: 'an array', is: (value) => Array.isArray(value) };
