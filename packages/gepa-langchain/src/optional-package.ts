import { OptionsError } from 'gepa-core';

/** Loads a package that need not be installed. @throws OptionsError when it is not, with `what` needs it. */
export async function optionalPackage<Module>(
  name: string,
  what: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new OptionsError(
      [`${what} needs the package "${name}", which could not be loaded: npm install ${name}.`],
      { cause },
    );
  }
}
