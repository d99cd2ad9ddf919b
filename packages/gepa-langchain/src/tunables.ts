import { type Candidate, type Component, OptionsError, type Tunable } from 'gepa-core';

/** The components of tunables, by their names. @throws OptionsError when a name is taken. */
export function tunableComponents(
  tunables: readonly Tunable[],
  found: Readonly<Record<string, Component>>,
): Record<string, Component> {
  const components: Record<string, Component> = {};
  const problems: string[] = [];
  for (const { name, component } of tunables) {
    if (name in components) problems.push(`\`tunables\` holds two of the name "${name}".`);
    else if (name in found) {
      problems.push(
        `The tunable "${name}" has the name of a text found at ${found[name]!.location}; call it something else.`,
      );
    }
    components[name] = { location: `tunable "${name}"`, ...component };
  }
  if (problems.length > 0) throw new OptionsError(problems);
  return components;
}

/** A candidate taken apart: texts of the program itself, and texts of tunables. */
export function splitCandidate(candidate: Candidate, tunables: readonly Tunable[]) {
  const isTunable = ([name]: readonly [string, string]) => tunables.some((one) => one.name === name);
  const entries = Object.entries(candidate);
  return {
    own: Object.fromEntries(entries.filter((entry) => !isTunable(entry))) as Candidate,
    tuned: Object.fromEntries(entries.filter(isTunable)) as Candidate,
  };
}
