import { type Candidate, type Component, ownValue } from '../component.ts';
import { GepaError, OptionsError } from '../errors.ts';

// Programs import `tunable` in production, so this module imports only what is small.

/** A component whose text is used inside a function of the program. */
export interface Tunable<Name extends string = string> {
  readonly name: Name;
  /**
   * The candidate's text within a rollout or a compiled program, otherwise the original. Read it where it is used: a
   * copy that is made earlier does not change.
   */
  readonly text: string;
  readonly component: Component;
}

/**
 * Declares a text inside a function (a graph's node, a tool, a lambda) as a component. Read `.text` where the text is
 * used, and pass the tunable to the target as `tunables`.
 *
 * @param component Further properties of the component: `variables`, `kind`, `description`.
 * @throws {OptionsError} when the name or the text is missing.
 */
export function tunable<const Name extends string>(
  name: Name,
  text: string,
  component: Omit<Component, 'text'> = {},
): Tunable<Name> {
  if (typeof name !== 'string' || name === '' || typeof text !== 'string') {
    throw new OptionsError([`tunable() needs a name and a text (got ${JSON.stringify({ name, text })}).`]);
  }
  return {
    name,
    component: { ...component, text },
    get text() {
      const binding = currentBinding();
      binding?.reads?.add(name);
      return ownValue(binding?.texts, name) ?? text;
    },
  };
}

/**
 * The components of tunables by name.
 *
 * @param found The components found in the program itself.
 * @throws {OptionsError} when two tunables have the same name, or a tunable has the name of a found component.
 */
export function tunableComponents(
  tunables: readonly Tunable[],
  found: Readonly<Record<string, Component>>,
): Record<string, Component> {
  const components = new Map<string, Component>();
  const problems: string[] = [];
  for (const { name, text, component } of tunables) {
    if (components.has(name)) {
      problems.push(`\`tunables\` contains two tunables with the name "${name}"; rename one of them.`);
    } else if (Object.hasOwn(found, name)) {
      problems.push(
        `The ${component.location ?? `tunable "${name}"`} has the same name as the component found at ${found[name]?.location}; call it something else.`,
      );
    }
    // A program that was made with other texts is read within its candidate.
    components.set(name, { location: `tunable "${name}"`, ...component, text });
  }
  if (problems.length > 0) throw new OptionsError(problems);
  return Object.fromEntries(components);
}

/** Finds the copy of an object, as a `Map` does. */
export interface Copies {
  get(object: object): object | undefined;
}

/** The parts of a candidate besides the texts of tunables. */
export interface CandidateBinding {
  /** The copies, with the candidate's texts, of objects in the program: see `hookPart`. */
  readonly copies?: Copies;
  /** Receives the names of the tunables and parts that are read. */
  readonly reads?: Set<string>;
}

interface Binding {
  readonly texts: Candidate;
  readonly copies: Copies | undefined;
  readonly reads: Set<string> | undefined;
}

/**
 * Calls a function with the candidate's texts in every tunable and hooked part, including in everything the function
 * awaits. Nested calls add to the texts and copies of the outer call.
 *
 * @throws {GepaError} in a runtime without `AsyncLocalStorage`.
 */
export function withCandidate<Result>(
  candidate: Candidate,
  call: () => Result,
  { copies, reads }: CandidateBinding = {},
): Result {
  const outer = currentBinding();
  return storage().run(
    {
      texts: { ...outer?.texts, ...candidate },
      copies: copies === undefined ? outer?.copies : withOuter(copies, outer?.copies),
      reads: reads ?? outer?.reads,
    },
    call,
  );
}

function withOuter(copies: Copies, outer: Copies | undefined): Copies {
  return outer === undefined ? copies : { get: (object) => copies.get(object) ?? outer.get(object) };
}

/** Calls a function as if outside of every rollout. */
export function withoutCandidate<Result>(call: () => Result): Result {
  return currentBinding() === undefined ? call() : storage().run(undefined, call);
}

/** Returns a function that calls another one in the async context of this call. */
export function presentContext(): <Result>(call: () => Result) => Result {
  const { snapshot } = storage().constructor as { snapshot?(): <Result>(call: () => Result) => Result };
  return snapshot?.() ?? ((call) => call());
}

interface Storage {
  run<Result>(binding: Binding | undefined, call: () => Result): Result;
  getStore(): Binding | undefined;
}

// On `globalThis`, because the program and the adapter may import different copies of this package.
const storageKey = Symbol.for('gepa.binding');
const shared = globalThis as { [storageKey]?: Storage };

/** The binding of the current rollout or compiled program; `undefined` elsewhere. */
export function currentBinding(): Binding | undefined {
  return shared[storageKey]?.getStore();
}

function storage(): Storage {
  if (shared[storageKey] === undefined) {
    const AsyncLocalStorage =
      globalThis.process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage ??
      (globalThis as { AsyncLocalStorage?: new () => Storage }).AsyncLocalStorage;
    if (AsyncLocalStorage === undefined) {
      throw new GepaError(
        'This runtime has no AsyncLocalStorage, which `tunable` needs. Use Node, Bun, Deno, or an edge runtime that provides it.',
      );
    }
    shared[storageKey] = new AsyncLocalStorage() as Storage;
  }
  return shared[storageKey];
}
