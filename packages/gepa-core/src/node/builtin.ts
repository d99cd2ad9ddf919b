import { GepaError } from '../errors.ts';

interface Builtins {
  'node:fs': typeof import('node:fs');
  'node:crypto': typeof import('node:crypto');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
}

/**
 * Loads a built-in module of Node, Bun or Deno on first use, so that the package also loads in runtimes without it.
 *
 * @param alternative What to do without the module, for the error message.
 * @throws {GepaError} when the runtime does not have the module.
 */
export function builtin<Name extends keyof Builtins>(name: Name, alternative: string): Builtins[Name] {
  const found = globalThis.process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
  if (found === undefined) throw new GepaError(`This runtime has no module "${name}"; ${alternative}`);
  return found;
}
