// @module-tag slow

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entriesOf, importGraph, publishedPackages, reachableFrom, root } from './import-graph.ts';

const graph = importGraph();

/** The files of the tarball that `npm publish` would make, relative to the package. */
function packedFiles(folder: string): string[] {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: join(root, folder),
    encoding: 'utf8',
  });
  const [{ files }] = Object.values(JSON.parse(output)) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

describe.each(publishedPackages)('$manifest.name', (one) => {
  const { folder, manifest } = one;
  const { name, exports = {}, bin = {}, repository } = manifest;
  const bins = Object.values(bin).map((path) =>
    join(folder, path.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')),
  );
  const entries = entriesOf(one);
  const url = repository?.url.replace(/^git\+/, '').replace(/\.git$/, '');

  it(`the tarball of ${name} has no tests, no fixtures, no testing folder that is not an export, and no unused source`, () => {
    const files = packedFiles(folder);
    expect(files).toContain('src/index.ts');
    expect(files.filter((file) => /\.test(-d)?\.|\/fixtures\//.test(file))).toEqual([]);
    const hasTesting = files.some((file) => /(^|\/)testing\//.test(file));
    expect(hasTesting).toBe(exports['./testing'] !== undefined);
    const used = reachableFrom(graph, [...entries.values(), ...bins]);
    const sources = files.filter((file) => file.startsWith('src/'));
    expect(sources.filter((file) => !used.has(join(folder, file)))).toEqual([]);
  });

  it(`the package.json of ${name} has the fields that npm and bundlers read`, () => {
    const { homepage, keywords, sideEffects } = manifest;
    expect(repository).toEqual({ type: 'git', url: `git+${url}.git`, directory: folder });
    expect(homepage).toBe(`${url}/tree/main/${folder}#readme`);
    expect(keywords).toContain('gepa');
    expect(sideEffects).toBe(false);
  });

  it(`the README of ${name} documents every export, and its links work outside the repository`, () => {
    const readme = readFileSync(join(root, folder, 'README.md'), 'utf8');
    for (const path of entries.keys()) expect(readme).toContain(`\`${join(name, path)}\``);
    const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    expect(links).toContain(`${url}/blob/main/README.md`);
    expect(links.filter((link) => !link.startsWith('https://'))).toEqual([]);
    const ours = links.filter((link) => link.startsWith(`${url}/blob/main/`));
    const fileOf = (link: string) => link.slice(`${url}/blob/main/`.length).replace(/#.*/, '');
    expect(ours.filter((link) => !existsSync(join(root, fileOf(link))))).toEqual([]);
  });
});
