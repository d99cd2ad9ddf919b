// @module-tag slow

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

describe('the pages in the tarballs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gepa-docs-'));
  execFileSync(process.execPath, [join(root, 'scripts/pack-docs.ts')], { cwd: folder });
  const files = readdirSync(join(folder, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = files.filter((file) => file.endsWith('.md'));
  const textOf = (page: string) => readFileSync(join(folder, 'docs', page), 'utf8');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('every page of docs/ is shipped and in the list of pages', () => {
    const source = readdirSync(join(root, 'docs')).filter(
      (file) => file.endsWith('.md') && file !== 'index.md',
    );
    expect(pages.filter((page) => page !== 'README.md').sort()).toEqual(source.sort());
    for (const page of source) expect(textOf('README.md')).toContain(`](${page})`);
  });

  it('links and images of shipped pages lead to shipped files, or to the web', () => {
    const broken = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\(([^)\s#]+)/g)]
        .map(([, link]) => link!)
        .filter((link) => !link.startsWith('https://') && !files.includes(join(dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('shipped pages have no containers of the site, and are small', () => {
    for (const page of pages) expect(textOf(page)).not.toMatch(/^:::|^```\w+ \[/m);
    const size = files
      .filter((file) => /\.\w+$/.test(file))
      .reduce((sum, file) => sum + readFileSync(join(folder, 'docs', file)).length, 0);
    expect(size).toBeLessThan(400_000);
  });
});

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
    const { homepage, keywords, sideEffects, files, scripts, publishConfig } = manifest;
    expect(publishConfig).toEqual({ access: 'public', provenance: true });
    expect(files).toContain('docs');
    expect(scripts?.prepack).toBe('node ../../scripts/pack-docs.ts');
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
