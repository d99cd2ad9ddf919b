import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../import-graph.ts';

/** Files that belong to every package. */
const required = ['package.json', 'README.md', 'LICENSE', 'docs/README.md', 'src/index.ts'];
const forbidden = /\.test(-d)?\.|(^|\/)fixtures\/|\.env|\.npmrc|\.tsbuildinfo|\.gepa\.json$/;
/** With these, a package works where it was made and nowhere else. */
const localRange = /^(file|link|workspace|portal):|^[./]/;

/**
 * One sentence for everything that is wrong with a packed package, apart from what publint and attw find.
 *
 * @param version That of all packages.
 * @param root The folder of the repository, which no file may name.
 */
export function tarballProblems(tarball: string, version: string, root: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'gepa-tarball-'));
  try {
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    const files = globSync('**/*', { cwd: folder }).filter((file) => statSync(join(folder, file)).isFile());
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    return [
      ...required.filter((file) => !files.includes(file)).map((file) => `${file} is missing.`),
      ...entryFiles(manifest)
        .filter((file) => !files.includes(file))
        .map((file) => `package.json names ${file}, which is missing.`),
      ...files.filter((file) => forbidden.test(file)).map((file) => `${file} must not be published.`),
      ...files
        .filter((file) => readFileSync(join(folder, file), 'utf8').includes(root))
        .map((file) => `${file} names a folder of this machine.`),
      ...manifestProblems(manifest, version),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function entryFiles({ exports = {}, bin = {} }: Manifest): string[] {
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  );
  return [...targets, ...Object.values(bin)].map((file) => file.replace(/^\.\//, ''));
}

function manifestProblems(manifest: Manifest, version: string): string[] {
  const { name, license, engines, repository, publishConfig, dependencies = {}, peerDependencies } = manifest;
  const ranges = Object.entries({ ...dependencies, ...peerDependencies });
  const isOurs = (dependency: string) => dependency.startsWith('gepa-');
  const checks: readonly (readonly [boolean, string])[] = [
    [manifest.version === version, `package.json has the version ${manifest.version}, not ${version}.`],
    [manifest.private !== true, 'package.json says that the package is private.'],
    [license === 'MIT', 'package.json does not say that the license is MIT.'],
    [engines?.node !== undefined, 'package.json has no engines.node.'],
    // npm refuses provenance for a package that does not name the repository where it is built.
    [
      repository?.directory === `packages/${name}`,
      `package.json has no repository.directory packages/${name}.`,
    ],
    [
      publishConfig?.access === 'public' && publishConfig.provenance === true,
      'package.json has no publishConfig with public access and provenance.',
    ],
  ];
  return [
    ...checks.filter(([holds]) => !holds).map(([, problem]) => problem),
    ...ranges
      .filter(([dependency, range]) => isOurs(dependency) && range !== version)
      .map(([dependency, range]) => `package.json requires ${dependency} ${range}, not ${version}.`),
    ...ranges
      .filter(([, range]) => localRange.test(range))
      .map(([dependency, range]) => `package.json requires ${dependency} from ${range}.`),
  ];
}
