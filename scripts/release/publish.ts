import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface PublishOptions {
  readonly tag: 'latest' | 'next';
  /** Default: the registry of npm's configuration. */
  readonly registry?: string | undefined;
  /** Whether npm signs where the package was built, which works only in the release workflow. */
  readonly provenance: boolean;
}

/**
 * Publishes tarballs in order. One whose version the registry has is left out, so that a release that failed halfway can be
 * run again.
 *
 * @param tarballs By name of the package.
 * @returns the names of the packages that were published.
 * @throws {Error} with npm's message, when it refuses one. Those before it stay published.
 */
export async function publishTarballs(
  tarballs: ReadonlyMap<string, string>,
  version: string,
  { tag, registry, provenance }: PublishOptions,
): Promise<string[]> {
  // `npm run --silent` would hide why npm refuses a package, from this script too.
  const at = ['--loglevel=error', ...(registry === undefined ? [] : ['--registry', registry])];
  const published: string[] = [];
  for (const [name, tarball] of tarballs) {
    if (await isPublished(name, version, at)) continue;
    await execute('npm', [
      'publish',
      tarball,
      '--access=public',
      `--tag=${tag}`,
      `--provenance=${provenance}`,
      ...at,
    ]);
    published.push(name);
  }
  return published;
}

async function isPublished(name: string, version: string, at: readonly string[]): Promise<boolean> {
  try {
    const parameters = ['view', `${name}@${version}`, 'version', '--json', '--prefer-online', ...at];
    // Of a package without this version, npm says nothing.
    return (await execute('npm', parameters)).stdout.trim() !== '';
  } catch (error) {
    if (String((error as { readonly stderr?: unknown }).stderr).includes('E404')) return false;
    throw error;
  }
}
