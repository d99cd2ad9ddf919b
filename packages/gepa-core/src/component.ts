/** The role of a component's text in the program; named in the reflection prompt. */
export type ComponentKind = 'prompt' | 'instructions' | 'tool-description' | 'field-description' | 'text';

/** A text of the program that can be optimized. */
export interface Component {
  /** The text without template escaping; each variable is written as `{name}`. */
  readonly text: string;
  /** Default: `'text'`. */
  readonly kind?: ComponentKind | undefined;
  /**
   * The template variables: a new text must contain each of them as `{name}`, and no other `{name}`.
   * Default: the text is not a template, and braces have no meaning.
   */
  readonly variables?: readonly string[] | undefined;
  /** What the text does in the program; shown to the reflection model. */
  readonly description?: string | undefined;
  /** Where the text is in the program, for messages. */
  readonly location?: string | undefined;
}

/** One text for each component. */
export type Candidate<Name extends string = string> = Readonly<Record<Name, string>>;

/** The names of the components, in the order in which the `round_robin` selector visits them. */
export function componentNames<Name extends string>(components: Readonly<Record<Name, Component>>): Name[] {
  return Object.keys(components) as Name[];
}

/** The candidate with the program's original texts. */
export function seedCandidateOf<Name extends string>(
  components: Readonly<Record<Name, Component>>,
): Candidate<Name> {
  return recordOf(componentNames(components), (name) => components[name].text);
}

/** A record with a field for every name. Unlike an assignment, this works for `__proto__` too. */
export function recordOf<Name extends string, Value>(
  names: readonly Name[],
  field: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, field(name)])) as Record<Name, Value>;
}

/** A field of a record, without inherited values such as `constructor` and `toString`. */
export function ownValue<Value>(
  record: { readonly [name: string]: Value | undefined } | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The fields that are not undefined: to spread over defaults, and for objects that people print. */
export function definedOnly<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/** The name itself if it is free, otherwise the name with the first free number: `lookup2`, or `option1_2` after a digit. */
export function freeName(name: string, taken: Pick<ReadonlySet<string>, 'has'>): string {
  const separator = /\d$/.test(name) ? '_' : '';
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${separator}${n}`;
  return free;
}

/** A string that is equal for candidates with equal texts. */
export function candidateKey(names: readonly string[], candidate: Candidate): string {
  return JSON.stringify(names.map((name) => candidate[name]));
}
