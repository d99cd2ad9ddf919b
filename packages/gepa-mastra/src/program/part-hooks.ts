import { AsyncLocalStorage } from 'node:async_hooks';
import { isAgent } from './program.ts';
import { runMethods } from './run-methods.ts';

/** The copy of a part in the running program; undefined for an object that is not one of its parts. */
type CopyOf = (part: object) => object | undefined;

const current = new AsyncLocalStorage<CopyOf>();

/** Calls a function in which calls of hooked parts go to their copies. Nested calls add to the parts of outer ones. */
export function withParts<Result>(copyOf: CopyOf, call: () => Result): Result {
  const outer = current.getStore();
  if (outer === copyOf) return call();
  return current.run(outer === undefined ? copyOf : (part) => copyOf(part) ?? outer(part), call);
}

/** The methods of a workflow that run it. */
const workflowMethods = ['createRun', 'createRunAsync', 'execute'];

type Method = (...args: unknown[]) => unknown;

/** The hooked parts, each with the number of its hooks and the function that removes them. */
const hooked = new WeakMap<object, { count: number; readonly remove: () => void }>();

/**
 * Makes the methods that run a live agent or workflow go to its copy within a run of a program that has it as a part.
 * Elsewhere nothing changes. Returns a function that removes the hooks.
 */
export function hookPart(part: object): () => void {
  const hook = hooked.get(part) ?? { count: 0, remove: addHooks(part) };
  hook.count++;
  hooked.set(part, hook);
  let isRemoved = false;
  return () => {
    if (isRemoved) return;
    isRemoved = true;
    if (--hook.count > 0) return;
    hooked.delete(part);
    hook.remove();
  };
}

function addHooks(part: object): () => void {
  // Studio runs copies of an agent.
  const names = isAgent(part) ? [...runMethods, '__fork'] : workflowMethods;
  const methods = part as Partial<Record<string, Method>>;
  const undos = names.flatMap((name) => {
    const method = methods[name];
    if (method === undefined) return [];
    const own = Object.getOwnPropertyDescriptor(part, name);
    const value: Method = (...args) => {
      const copy = current.getStore()?.(part) as typeof methods | undefined;
      return copy === undefined ? method.apply(part, args) : copy[name]!(...args);
    };
    Object.defineProperty(part, name, { value, configurable: true, writable: true, enumerable: false });
    return () => {
      if (methods[name] !== value) return;
      if (own === undefined) Reflect.deleteProperty(part, name);
      else Object.defineProperty(part, name, own);
    };
  });
  return () => {
    for (const undo of undos) undo();
  };
}
