import type { Candidate, Component } from '../component.ts';
import { GepaError, OptionsError } from '../errors.ts';

/** A text that lives inside a function of the program. */
export interface Tunable<Name extends string = string> {
  readonly name: Name;
  /** Inside a rollout (or a compiled program) the candidate's text; elsewhere the original. Read it where it is used. */
  readonly text: string;
  readonly component: Component;
}

/**
 * Makes a text inside a function (a graph's node, a tool, a lambda) reachable: read `.text` where the text is used,
 * and name the tunable to the target or, in the short form, read the candidate yourself.
 *
 * @param component What else there is to say of the text: `variables`, `kind`, `description`.
 */
export function tunable<const Name extends string>(
  name: Name,
  text: string,
  component: Omit<Component, 'text'> = {},
): Tunable<Name> {
  return {
    name,
    component: { ...component, text },
    get text() {
      return current()?.[name] ?? text;
    },
  };
}

/**
 * The components of tunables, by their names.
 *
 * @param found The components of the program itself.
 * @throws {OptionsError} when a name is taken.
 */
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
        `The tunable "${name}" has the name of a text found at ${found[name]?.location}; call it something else.`,
      );
    }
    components[name] = { location: `tunable "${name}"`, ...component };
  }
  if (problems.length > 0) throw new OptionsError(problems);
  return components;
}

/** Calls a function within which tunables have a candidate's texts, in everything it awaits too. */
export function withCandidate<Result>(texts: Candidate, call: () => Result): Result {
  return storage().run({ ...current(), ...texts }, call);
}

interface Storage {
  run<Result>(texts: Candidate, call: () => Result): Result;
  getStore(): Candidate | undefined;
}

// Shared by all copies of this package in a process: the program may hold another than the adapter.
const slot = Symbol.for('gepa.texts');
const shared = globalThis as { [slot]?: Storage };

function current(): Candidate | undefined {
  return shared[slot]?.getStore();
}

function storage(): Storage {
  if (shared[slot] === undefined) {
    const AsyncLocalStorage =
      globalThis.process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage ??
      (globalThis as { AsyncLocalStorage?: new () => Storage }).AsyncLocalStorage;
    if (AsyncLocalStorage === undefined) {
      throw new GepaError('This runtime has no AsyncLocalStorage, which tunable texts need.');
    }
    shared[slot] = new AsyncLocalStorage() as Storage;
  }
  return shared[slot];
}
