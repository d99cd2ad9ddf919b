import { type Component, ownValue } from '../component.ts';
import { OptionsError } from '../errors.ts';
import { aList, anObject, aText, type Kind } from '../kinds.ts';

/** Options that select components and name them. */
export interface ComponentSelectionOptions {
  /** The components to optimize; `*` matches any part of a name (`'route.*'`). Default: all. */
  readonly include?: readonly string[] | undefined;
  /** Components to leave out, with `*` as in `include`. Default: none. */
  readonly exclude?: readonly string[] | undefined;
  /** New names for components, by the name each was found under. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /**
   * Variables of components, by the name each was found under: words that code of the program fills in for `{word}`. A
   * new text must keep them. Default: those of templates.
   */
  readonly variables?: Readonly<Record<string, readonly string[]>> | undefined;
}

const aName: Kind = { ...aText, words: 'a name', isRequired: true };
const names: Kind = { ...aList, words: 'an array of names', each: aName };

/** What each of these options must be. */
export const selectionKinds = {
  include: names,
  exclude: names,
  rename: { ...anObject, words: 'an object of new names by found name', each: aName },
  variables: {
    ...anObject,
    words: 'an object of words by component, each an array',
    each: { ...names, words: 'an array of words', isRequired: true },
  },
} satisfies Record<keyof ComponentSelectionOptions, Kind>;

/** The names of the selected components if the options are literals without `*`, otherwise `string`. */
export type SelectedName<Options> = Options extends {
  readonly include: readonly (infer Included extends string)[];
}
  ? Included extends `${string}*${string}`
    ? string
    : Renamed<Included, Options extends { readonly rename: infer Names } ? Names : Record<never, never>>
  : string;

type Renamed<Name extends string, Names> = Name extends keyof Names
  ? Names[Name] extends string
    ? Names[Name]
    : Name
  : Name;

/** A selected component. */
export interface SelectedComponent {
  /** Its public name: `foundName`, or the new name given by `rename`. */
  readonly name: string;
  readonly foundName: string;
  readonly component: Component;
}

/**
 * Selects and renames components, in the order they were found.
 *
 * @throws {OptionsError} when an option names a component that does not exist, when two components would have the same
 * name, or when none is left.
 */
export function selectComponents(
  found: Readonly<Record<string, Component>>,
  options: ComponentSelectionOptions,
): SelectedComponent[] {
  const names = Object.keys(found);
  const { include = ['*'], exclude = [], rename = {} } = options;
  const available = `The components found were ${names.join(', ') || 'none'}.`;
  const unknownIn = (option: string, given: readonly string[], is = matches) =>
    given
      .filter((one) => !names.some((name) => is(one, name)))
      .map((one) => `\`${option}\` names "${one}", but there is no such component. ${available}`);
  const problems = [
    ...unknownIn('include', options.include ?? []),
    ...unknownIn('exclude', exclude),
    ...unknownIn('rename', Object.keys(rename), Object.is),
    ...unknownIn('variables', Object.keys(options.variables ?? {}), Object.is),
  ];
  const selected = names
    .filter((name) => include.some((pattern) => matches(pattern, name)))
    .filter((name) => !exclude.some((pattern) => matches(pattern, name)))
    .map((foundName) => ({
      name: ownValue(rename, foundName) ?? foundName,
      foundName,
      component: found[foundName]!,
    }));
  const taken = new Set<string>();
  for (const { name } of selected) {
    if (taken.has(name)) problems.push(`Two components would be named "${name}"; rename one of them.`);
    taken.add(name);
  }
  if (problems.length === 0 && selected.length === 0 && names.length > 0) {
    problems.push(`\`include\` and \`exclude\` leave no component. ${available}`);
  }
  if (problems.length > 0) throw new OptionsError(problems);
  return selected;
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}
