import { type Component, type Tunable, tunable as textTunable, unhookedDescriptors } from 'gepa-core/load';
import { isNode, isPromptTemplate } from './program/node.ts';

const nameKey = Symbol.for('gepa.tunable');

/** A prompt template whose texts are components. */
export interface TunablePrompt {
  readonly [nameKey]: string;
}

/** What `tunable` returns. */
export type AnyTunable = Tunable | TunablePrompt;

/**
 * Declares a text inside a function (a graph's node, a tool, a lambda) as a component. Read `.text` where the text is
 * used, and pass the tunable to the target as `tunables`.
 *
 * @param component Further properties of the component: `variables`, `kind`, `description`.
 */
export function tunable<const Name extends string>(
  name: Name,
  text: string,
  component?: Omit<Component, 'text'>,
): Tunable<Name>;
/**
 * Declares a prompt template that a function uses. Returns a template of the same class, which renders with the
 * candidate's texts within a rollout or a compiled program, and as the original elsewhere. Braces in new texts are
 * escaped as the template's format requires.
 */
export function tunable<Template extends { formatPromptValue(...args: never): unknown }>(
  name: string,
  template: Template,
): Template & TunablePrompt;
export function tunable(
  name: string,
  given: string | object,
  component?: Omit<Component, 'text'>,
): Tunable | TunablePrompt {
  if (!isPromptTemplate(given)) return textTunable(name, given as string, component);
  const template = Object.create(Object.getPrototypeOf(given), unhookedDescriptors(given));
  return Object.defineProperty(template, nameKey, { value: name }) as TunablePrompt;
}

/** Separates tunables with a text from prompt templates, which are parts of the program. */
export function splitTunables(tunables: readonly AnyTunable[]) {
  return {
    texts: tunables.filter((one): one is Tunable => !isTunablePrompt(one)),
    prompts: Object.fromEntries(tunables.filter(isTunablePrompt).map((one) => [one[nameKey], one])),
  };
}

export function isTunablePrompt(value: unknown): value is TunablePrompt {
  return isNode(value) && nameKey in value;
}
