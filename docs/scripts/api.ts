import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Application } from 'typedoc';

// Writes the API reference to docs/api: a page per export, by the entry it is imported from.

const docs = join(import.meta.dirname, '..');
const packages = join(docs, '../packages');

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly 'gepa-source'?: string }>>;
}

const entries = ['gepa-core', 'gepa-langchain', 'gepa-mastra'].flatMap((name) => {
  const manifest: Manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  return Object.entries(manifest.exports).flatMap(([path, { 'gepa-source': source }]) =>
    source === undefined ? [] : [{ file: join(packages, name, source), name: join(name, path) }],
  );
});

const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: entries.map(({ file }) => file),
  tsconfig: join(docs, 'tsconfig.api.json'),
  // `npm run typecheck` checks them.
  skipErrorChecking: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  readme: 'none',
  name: 'API reference',
  outputs: [{ name: 'markdown', path: join(docs, 'api') }],
  ...markdownOptions(),
});
const project = await app.convert();
if (project === undefined) throw new Error('typedoc could not read the packages.');
for (const module of project.children ?? []) {
  const entry = entries.find(
    ({ file }) => relative(packages, file).replace(/(\/index)?\.ts$/, '') === module.name,
  );
  if (entry === undefined) throw new Error(`No package exports the module ${module.name}.`);
  module.name = entry.name;
}
await app.generateOutputs(project);

/** Options of typedoc-plugin-markdown. */
function markdownOptions(): object {
  return {
    outputFileStrategy: 'members',
    entryFileName: 'index',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
  };
}
