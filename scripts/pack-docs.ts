import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sections } from '../docs/.vitepress/sidebar.ts';

/**
 * Copies the documentation pages into the package in the working directory, as `docs/`, so that editors and agents find
 * them offline. Runs before a package is packed (`prepack`); the copies are not committed.
 */
const source = join(import.meta.dirname, '../docs');
const target = join(process.cwd(), 'docs');
const repository = 'https://github.com/gepa-ts/gepa-ts/blob/main';

rmSync(target, { recursive: true, force: true });
mkdirSync(join(target, 'images'), { recursive: true });
for (const { items } of sections) {
  for (const { link } of items) {
    const page = readFileSync(join(source, `${link}.md`), 'utf8');
    writeFileSync(join(target, `${link}.md`), offline(page));
  }
}
for (const image of readdirSync(join(source, 'images')).filter((name) => name.endsWith('.svg'))) {
  cpSync(join(source, 'images', image), join(target, 'images', image));
}
writeFileSync(join(target, 'README.md'), contents());

/** A page that reads well as a file: links out of `docs/` are absolute, and the site's containers are plain text. */
function offline(page: string): string {
  return page
    .replaceAll('](../', `](${repository}/`)
    .replaceAll(/^:::.*\n/gm, '')
    .replaceAll(/^```(\w+) \[(.+)\]$/gm, '$2:\n\n```$1');
}

/** The list of the pages, in reading order. */
function contents(): string {
  const lists = sections.map(
    ({ text, items }) =>
      `## ${text}\n\n${items.map(({ text, link }) => `- [${text}](${link.slice(1)}.md)`).join('\n')}`,
  );
  return `# GEPA for TypeScript\n\n${lists.join('\n\n')}\n`;
}
