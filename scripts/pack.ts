import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { publishedPackages, root } from './import-graph.ts';

/** Packs the built packages as `npm publish` would. */
export function packPackages(target: string): void {
  mkdirSync(target, { recursive: true });
  for (const { folder } of publishedPackages) {
    const { status, stderr } = spawnSync('npm', ['pack', '--silent', '--pack-destination', target], {
      cwd: join(root, folder),
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${folder} could not be packed: ${stderr}`);
  }
}

/** The tarballs of the packages in a folder, by the name of the package; a package comes after those that it requires. */
export function tarballsIn(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  return new Map(
    publishedPackages.map(({ manifest: { name } }) => {
      const own = files.filter((file) => new RegExp(`^${name}-\\d`).test(file));
      if (own.length !== 1) throw new Error(`${folder} has ${own.length} tarballs of ${name}, not one.`);
      return [name, join(folder, own[0]!)];
    }),
  );
}
