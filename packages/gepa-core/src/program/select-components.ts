import type { Component } from '../component.ts';
import { OptionsError } from '../errors.ts';

/** Which of the found components take part, and under which names. */
export interface ComponentSelectionOptions {
  /** Only these; `*` stands for any part of a name (`'route.*'`). Default: all. */
  readonly include?: readonly string[];
  /** Not these; `*` as in `include`. */
  readonly exclude?: readonly string[];
  /** New names by found names. */
  readonly rename?: Readonly<Record<string, string>>;
}

/** The names a selection leaves, where its literals tell them; else `string`. */
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

/** A found component under its public name. */
export interface SelectedComponent {
  readonly name: string;
  readonly foundName: string;
  readonly component: Component;
}

/**
 * Narrows and renames what was found, in the order found.
 *
 * @throws {OptionsError} when an option names nothing that was found, or two components would share a name.
 */
export function selectComponents(
  found: Readonly<Record<string, Component>>,
  options: ComponentSelectionOptions,
): SelectedComponent[] {
  const names = Object.keys(found);
  const { include = ['*'], exclude = [], rename = {} } = options;
  const problems: string[] = [];
  const among = `found were ${names.join(', ') || 'none'}`;
  for (const [option, patterns] of Object.entries({
    include: options.include ?? [],
    exclude,
    rename: Object.keys(rename),
  })) {
    for (const pattern of patterns) {
      const isUsed =
        option === 'rename' ? names.includes(pattern) : names.some((name) => matches(pattern, name));
      if (!isUsed)
        problems.push(`\`${option}\` names "${pattern}", but there is no such component; ${among}.`);
    }
  }
  const selected = names
    .filter((name) => include.some((pattern) => matches(pattern, name)))
    .filter((name) => !exclude.some((pattern) => matches(pattern, name)))
    .map((foundName) => ({ name: rename[foundName] ?? foundName, foundName, component: found[foundName]! }));
  const taken = new Set<string>();
  for (const { name } of selected) {
    if (taken.has(name)) problems.push(`Two components would be called "${name}"; rename one of them.`);
    taken.add(name);
  }
  if (problems.length === 0 && selected.length === 0 && names.length > 0) {
    problems.push(`\`include\` and \`exclude\` leave no component; ${among}.`);
  }
  if (problems.length > 0) throw new OptionsError(problems);
  return selected;
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}
