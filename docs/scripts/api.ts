import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Application, type CommentDisplayPart, type Reflection, ReflectionKind } from 'typedoc';

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
  preservedTypeAnnotationTags: ['@throws'],
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
const errors = new Map(
  project.getReflectionsByKind(ReflectionKind.Class).map((reflection) => [reflection.name, reflection]),
);
for (const { comment } of Object.values(project.reflections)) {
  const thrown = comment?.getTags('@throws') ?? [];
  const [first, ...others] = thrown;
  if (comment === undefined || first === undefined) continue;
  first.content = thrown.flatMap(({ typeAnnotation, content }) => [
    text('- '),
    ...nameOf(typeAnnotation),
    ...content,
    text('\n'),
  ]);
  comment.blockTags = comment.blockTags.filter((tag) => !others.includes(tag));
}
await app.generateOutputs(project);

function text(text: string): CommentDisplayPart {
  return { kind: 'text', text };
}

/** The error of a `@throws {SomeError}`, which the plugin leaves out, as a link. */
function nameOf(annotation: string | undefined): CommentDisplayPart[] {
  const name = annotation?.replace(/[{}\s]/g, '') ?? '';
  if (name === '') return [];
  const target: Reflection | undefined = errors.get(name);
  return [
    target === undefined ? text(name) : { kind: 'inline-tag', tag: '@link', text: name, target },
    text(' '),
  ];
}

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
