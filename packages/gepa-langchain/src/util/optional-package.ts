import { OptionsError } from 'gepa-core';

/**
 * Loads an optional peer dependency.
 * @param neededBy what needs the package, as the subject of the error's sentence.
 * @throws {OptionsError} when the package is not installed.
 */
export async function optionalPackage<Module>(
  name: string,
  neededBy: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new OptionsError(
      [`${neededBy} needs the package "${name}", which could not be loaded: npm install ${name}.`],
      { cause },
    );
  }
}
