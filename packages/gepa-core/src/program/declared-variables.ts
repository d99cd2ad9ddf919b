import { type Component, ownValue } from '../component.ts';
import { OptionsError } from '../errors.ts';

/**
 * Adds declared variables to components.
 *
 * @param declared by the name under which a component was found; `selectComponents` refuses other names.
 * @throws {OptionsError} when the text of a component does not contain a variable.
 */
export function withDeclaredVariables(
  components: Readonly<Record<string, Component>>,
  declared: Readonly<Record<string, readonly string[]>> = {},
): Readonly<Record<string, Component>> {
  const problems = Object.entries(declared).flatMap(([name, words]) => {
    const component = ownValue(components, name);
    const missing = words.filter((word) => component?.text.includes(`{${word}}`) === false);
    return missing.length === 0
      ? []
      : [`\`variables\`: the text of "${name}" has no {${missing.join('}, {')}}.`];
  });
  if (problems.length > 0) throw new OptionsError(problems);
  return Object.fromEntries(
    Object.entries(components).map(([name, component]) => {
      const words = ownValue(declared, name);
      const variables = [...new Set([...(component.variables ?? []), ...(words ?? [])])];
      return [name, words === undefined ? component : { ...component, variables }];
    }),
  );
}
