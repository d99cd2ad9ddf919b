import { builtin } from '../node/builtin.ts';

/**
 * For framework packages: resolves relative paths of run directories at the time of the call, since the working directory
 * may change before the run opens them.
 */
export function withAbsoluteRunDir<
  Options extends { readonly runDir?: string; readonly continueFrom?: string },
>(options: Options): Options {
  const { runDir, continueFrom } = options;
  // Invalid values are reported with the other options.
  const isPath = (value: unknown): value is string => typeof value === 'string' && value !== '';
  const resolved = (path: string) =>
    builtin('node:path', 'leave `runDir` and `continueFrom` out.').resolve(path);
  return {
    ...options,
    ...(isPath(runDir) ? { runDir: resolved(runDir) } : {}),
    ...(isPath(continueFrom) ? { continueFrom: resolved(continueFrom) } : {}),
  };
}
