/**
 * The versions of installed packages, by name, as the module `from` (its file name) would load them. A package that is not
 * found is left out, as in a bundle, and all are where the runtime has no modules of Node.
 */
export function packageVersions(
  names: readonly string[],
  from: string | undefined,
): Readonly<Record<string, string>> {
  const module = globalThis.process?.getBuiltinModule?.('node:module');
  if (module === undefined || from === undefined) return {};
  const versions: Record<string, string> = {};
  for (const name of names) {
    try {
      const { version } = module.createRequire(from)(`${name}/package.json`) as {
        readonly version?: unknown;
      };
      if (typeof version === 'string') versions[name] = version;
    } catch {
      // It is not installed where this module is.
    }
  }
  return versions;
}
