/**
 * The versions of installed packages, by name, as the module `from` (a file name) would load them. Packages that are not
 * found are left out: some in a bundle, all in a runtime without the modules of Node.
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
      // The package is not installed for this module.
    }
  }
  return versions;
}
