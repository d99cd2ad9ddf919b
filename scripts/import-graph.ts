import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

export const root = join(import.meta.dirname, '..');

/** The fields of a `package.json` that the checks of this folder read. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly homepage?: string;
  readonly repository?: { readonly url: string; readonly directory: string };
  readonly keywords?: readonly string[];
  readonly sideEffects?: boolean;
  readonly files?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly publishConfig?: Readonly<Record<string, unknown>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** Relative to the repository's root, as `packages/gepa-core`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The packages of `packages/`. */
export const packages: readonly WorkspacePackage[] = globSync('packages/*/package.json', { cwd: root })
  .sort()
  .map((path) => ({
    folder: dirname(path),
    manifest: JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest,
  }));

export const publishedPackages = packages.filter(({ manifest }) => manifest.private !== true);

/** The source files of a package's exports, by the path of the export. */
export function entriesOf({ folder, manifest }: WorkspacePackage): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(manifest.exports ?? {}).flatMap(([path, target]) =>
      typeof target === 'string' ? [] : [[path, join(folder, target['gepa-source']!)]],
    ),
  );
}

/** The imports of a source file, type imports and dynamic imports included. */
export interface Imports {
  /** Files of this repository, relative to its root. */
  readonly files: readonly string[];
  /** Those of which more than types are imported. */
  readonly values: readonly string[];
  /** Specifiers of other packages, packages of this repository included. */
  readonly packages: readonly string[];
}

/** The imports of every source file of the packages, by path relative to the repository's root. */
export function importGraph(): ReadonlyMap<string, Imports> {
  const files = globSync('packages/*/src/**/*.ts', { cwd: root }).sort();
  return new Map(files.map((file) => [file, importsOf(file)]));
}

function importsOf(file: string): Imports {
  const source = readFileSync(join(root, file), 'utf8');
  const specifiers = ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
  const relatives = specifiers.filter((specifier) => specifier.startsWith('.'));
  const toPath = (specifier: string) => relative(root, join(root, dirname(file), specifier));
  const others = specifiers.filter((specifier) => !specifier.startsWith('.'));
  return {
    files: [...relatives.map(toPath), ...others.flatMap((specifier) => entryOf(specifier) ?? [])].filter(
      (path) => existsSync(join(root, path)),
    ),
    values: valueSpecifiers(file, source)
      .filter((specifier) => specifier.startsWith('.'))
      .map(toPath),
    packages: others,
  };
}

/** What a file imports or exports from, unless it is types only. */
function valueSpecifiers(file: string, source: string): string[] {
  const { statements } = ts.createSourceFile(file, source, ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    return hasOnlyTypes(statement) ? [] : [moduleSpecifier.text];
  });
}

function hasOnlyTypes(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) {
    const { isTypeOnly, exportClause } = statement;
    return isTypeOnly || (exportClause !== undefined && areTypes(exportClause));
  }
  const { importClause } = statement;
  if (importClause === undefined) return false;
  const { isTypeOnly, name, namedBindings } = importClause;
  return isTypeOnly || (name === undefined && namedBindings !== undefined && areTypes(namedBindings));
}

/** Whether every name has its own `type`. */
const areTypes = (names: ts.NamedImportBindings | ts.NamedExportBindings): boolean =>
  (ts.isNamedImports(names) || ts.isNamedExports(names)) &&
  names.elements.every(({ isTypeOnly }) => isTypeOnly);

/** The imports between the folders of a package's `src`, and its files outside of folders. Types do not count. */
export function folderGraph(
  graph: ReadonlyMap<string, Imports>,
  packageFolder: string,
): ReadonlyMap<string, Imports> {
  const source = `${packageFolder}/src/`;
  const folderOf = (file: string) => file.slice(source.length).split('/')[0]!;
  const folders = new Map<string, Imports & { readonly files: string[] }>();
  for (const [file, { values }] of graph) {
    if (!file.startsWith(source)) continue;
    const folder = folderOf(file);
    const imports = folders.get(folder) ?? { files: [], values: [], packages: [] };
    const others = values.filter((path) => path.startsWith(source)).map(folderOf);
    imports.files.push(...others.filter((other) => other !== folder));
    folders.set(folder, imports);
  }
  return folders;
}

/** The source file behind an import of a package of this repository. */
function entryOf(specifier: string): string | undefined {
  const owner = packages.find(({ manifest }) => packageName(specifier) === manifest.name);
  return owner && entriesOf(owner).get(`.${specifier.slice(owner.manifest.name.length)}`);
}

/** `@scope/name` of `@scope/name/path`. */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** A shortest cycle through each file that is part of one, each cycle once: `a → b → a`. */
export function cyclesOf(graph: ReadonlyMap<string, Imports>): string[] {
  const covered = new Set<string>();
  const cycles: string[] = [];
  for (const file of graph.keys()) {
    const cycle = covered.has(file) ? undefined : shortestCycle(graph, file);
    if (cycle === undefined) continue;
    for (const step of cycle) covered.add(step);
    cycles.push(cycle.join(' → '));
  }
  return cycles;
}

function shortestCycle(graph: ReadonlyMap<string, Imports>, start: string): string[] | undefined {
  const importer = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of graph.get(file)?.files ?? []) {
      if (importer.has(next)) continue;
      importer.set(next, file);
      queue.push(next);
    }
  }
  if (!importer.has(start)) return undefined;
  const cycle = [start];
  do cycle.unshift(importer.get(cycle[0]!)!);
  while (cycle[0] !== start);
  return cycle;
}

/** The given files and all files that they import, directly or indirectly. */
export function reachableFrom(
  graph: ReadonlyMap<string, Imports>,
  files: Iterable<string>,
): ReadonlySet<string> {
  const reached = new Set(files);
  for (const file of reached) for (const next of graph.get(file)?.files ?? []) reached.add(next);
  return reached;
}
