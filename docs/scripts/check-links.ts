import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Checks every link of the built site: pages, files and the anchors within pages, and that links into the repository name
 * files that exist. Links to other sites need a network and are not followed.
 */
const site = join(import.meta.dirname, '../.vitepress/dist');
const repository = join(import.meta.dirname, '../..');
const ours = 'https://github.com/gepa-ts/gepa-ts/';

const pages = globSync('**/*.html', { cwd: site });
const anchors = new Map<string, ReadonlySet<string>>();
const broken: string[] = [];
let checked = 0;
for (const page of pages) {
  for (const [, link = ''] of readFileSync(join(site, page), 'utf8').matchAll(/<a [^>]*?href="([^"]*)"/g)) {
    checked++;
    const fault = faultOf(page, link.replaceAll('&amp;', '&'));
    if (fault !== undefined) broken.push(`${page}: ${link}: ${fault}`);
  }
}
for (const fault of new Set(broken)) console.log(fault);
console.log(`${checked} links of ${pages.length} pages, ${broken.length} broken.`);
process.exitCode = broken.length === 0 && checked > 0 ? 0 : 1;

function faultOf(page: string, link: string): string | undefined {
  if (link.startsWith(ours)) return repositoryFault(link.slice(ours.length));
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor = ''] = link.split('#');
  const target =
    path === '' ? page : fileOf(path.startsWith('/') ? path.slice(1) : join(dirname(page), path));
  if (target === undefined) return 'no such page';
  if (anchor === '' || anchorsOf(target).has(decodeURIComponent(anchor))) return undefined;
  return 'no such heading';
}

function repositoryFault(path: string): string | undefined {
  const [, file] = /^(?:blob|tree|edit)\/main\/([^#]*)/.exec(path) ?? [];
  // `docs/api` is generated; its pages cannot be edited.
  if (file === undefined || file.startsWith('docs/api/')) return undefined;
  return existsSync(join(repository, decodeURI(file))) ? undefined : 'no such file in the repository';
}

/** The file behind a clean address, relative to the site. */
function fileOf(path: string): string | undefined {
  const candidates = [path, `${path}.html`, join(path, 'index.html')];
  const found = candidates.find((file) => /\.\w+$/.test(file) && existsSync(join(site, file)));
  return found === undefined ? undefined : relative('.', found);
}

function anchorsOf(page: string): ReadonlySet<string> {
  let known = anchors.get(page);
  if (known === undefined) {
    const html = readFileSync(join(site, page), 'utf8');
    known = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!.replaceAll('&amp;', '&')));
    anchors.set(page, known);
  }
  return known;
}
