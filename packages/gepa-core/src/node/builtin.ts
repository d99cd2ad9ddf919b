import { GepaError } from '../errors.ts';

interface Builtins {
  'node:fs': typeof import('node:fs');
  'node:crypto': typeof import('node:crypto');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
}

/**
 * A module of the runtime (Node, Bun, Deno), asked for when it is needed, so that core loads where there are none.
 *
 * @throws {GepaError} where there is none.
 */
export function builtin<Name extends keyof Builtins>(name: Name, otherwise: string): Builtins[Name] {
  const found = globalThis.process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
  if (found === undefined) throw new GepaError(`There is no file system here; ${otherwise}`);
  return found;
}
