import { builtin } from '../node/builtin.ts';

/**
 * For framework packages: resolves a relative `runDir` at the time of the call, since the working directory may change
 * before the run opens it.
 */
export function withAbsoluteRunDir<Options extends { readonly runDir?: string }>(options: Options): Options {
  const { runDir } = options;
  // Invalid values are reported with the other options.
  if (typeof runDir !== 'string' || runDir === '') return options;
  return { ...options, runDir: builtin('node:path', 'leave `runDir` out.').resolve(runDir) };
}
