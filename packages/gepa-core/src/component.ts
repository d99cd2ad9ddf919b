/** What a component's text is, for the reflection prompt and for people. */
export type ComponentKind = 'prompt' | 'instructions' | 'tool-description' | 'field-description' | 'text';

/** A text of the program that may change. */
export interface Component {
  /** The text as people read it: free of template escaping, every variable written as `{name}`. */
  readonly text: string;
  /** Default: `'text'`. */
  readonly kind?: ComponentKind;
  /**
   * The text's contract: a new text holds each of these as `{name}`, and no other `{name}`.
   * Absent: the text is no template, and braces mean nothing in it.
   */
  readonly variables?: readonly string[];
  /** What the text does in the program; shown to the reflection model. */
  readonly description?: string;
  /** Where in the program it was found, for people. */
  readonly location?: string;
}

/** One text for each component: what the search evolves. */
export type Candidate<Name extends string = string> = Readonly<Record<Name, string>>;

/** The names of the components, in the order of round robin. */
export function componentNames<Name extends string>(components: Readonly<Record<Name, Component>>): Name[] {
  return Object.keys(components) as Name[];
}

/** The candidate a program stands at before any change. */
export function seedCandidateOf<Name extends string>(
  components: Readonly<Record<Name, Component>>,
): Candidate<Name> {
  const texts = {} as Record<Name, string>;
  for (const name of componentNames(components)) texts[name] = components[name].text;
  return texts;
}

/** A name for one more component: the name itself, or when it is taken `lookup2`, and `option1_2` after a digit. */
export function freeName(name: string, taken: Pick<ReadonlySet<string>, 'has'>): string {
  const separator = /\d$/.test(name) ? '_' : '';
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${separator}${n}`;
  return free;
}

/** Equal keys mean equal candidates. */
export function candidateKey(names: readonly string[], candidate: Candidate): string {
  return JSON.stringify(names.map((name) => candidate[name]));
}
