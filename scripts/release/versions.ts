import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import semver from 'semver';
import type { Manifest } from '../import-graph.ts';

/** The parts of the repository that name the version. The published packages have one version, and pin each other. */
export interface Versions {
  /** That of the published packages. */
  readonly version: string;
  /** One sentence for every place that names another version. */
  readonly problems: readonly string[];
}

type Json = Record<string, unknown>;
const dependencyFields = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
const constant = 'packages/gepa-core/src/version.ts';

/** The version that the packages have, and where they disagree. */
export function readVersions(root: string): Versions {
  const manifests = readManifests(root);
  const published = publishedNames(manifests);
  const version = String(
    [...manifests.values()].find((manifest) => published.has(String(manifest.name)))?.version,
  );
  const problems = [...manifests].flatMap(([file, manifest]) =>
    differences(file, manifest, withVersion(String(manifest.name), manifest, published, version)),
  );
  for (const { folder, name, entry } of lockEntries(readJson(root, 'package-lock.json'), manifests)) {
    const right = withVersion(name, entry, published, version);
    problems.push(...differences(`package-lock.json, ${folder},`, entry, right));
  }
  if (!readFileSync(join(root, constant), 'utf8').includes(`'${version}'`)) {
    problems.push(`${constant} does not say ${version}.`);
  }
  return { version, problems };
}

/** Writes a version into every `package.json`, the lock file and the constant that the code has. */
export function writeVersion(root: string, version: string): void {
  const manifests = readManifests(root);
  const published = publishedNames(manifests);
  for (const [file, manifest] of manifests) {
    writeJson(root, file, withVersion(String(manifest.name), manifest, published, version));
  }
  const lock = readJson(root, 'package-lock.json');
  const entries = lock.packages as Json;
  for (const { folder, name, entry } of lockEntries(lock, manifests)) {
    entries[folder] = withVersion(name, entry, published, version);
  }
  writeJson(root, 'package-lock.json', lock);
  const source = readFileSync(join(root, constant), 'utf8');
  writeFileSync(join(root, constant), source.replace(/'\d+\.\d+\.\d+[^']*'/, `'${version}'`));
}

/**
 * The version that a word asks for: `major`, `minor`, `patch`, `prerelease`, or the version itself.
 *
 * @throws {Error} when it is none, or lower than the current one.
 */
export function nextVersion(current: string, wanted: string): string {
  const types = ['major', 'minor', 'patch', 'prerelease', 'premajor', 'preminor', 'prepatch'] as const;
  const type = types.find((one) => one === wanted);
  const next = type === undefined ? semver.valid(wanted) : semver.inc(current, type, 'beta');
  if (next === null) {
    throw new Error(
      `"${wanted}" is no version. Give one, such as 1.2.3, or ${types.slice(0, 4).join(', ')}.`,
    );
  }
  // The first release has the version that the packages have from the beginning.
  if (semver.lt(next, current)) throw new Error(`${next} is lower than ${current}, which the packages have.`);
  return next;
}

/** The tag on the registry under which a version is installed: prereleases only on request. */
export function distTag(version: string): 'latest' | 'next' {
  return semver.prerelease(version) === null ? 'latest' : 'next';
}

/** Every `package.json` of the workspaces, by its path. */
function readManifests(root: string): ReadonlyMap<string, Json> {
  const { workspaces } = readJson(root, 'package.json') as { readonly workspaces: readonly string[] };
  const files = workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }).sort());
  return new Map(files.map((file) => [file, readJson(root, file)]));
}

function publishedNames(manifests: ReadonlyMap<string, Json>): ReadonlySet<string> {
  const published = ([...manifests.values()] as unknown as Manifest[]).filter((one) => one.private !== true);
  return new Set(published.map(({ name }) => name));
}

/** What the lock file says about the workspaces. It leaves a name out that is that of the folder. */
function lockEntries(lock: Json, manifests: ReadonlyMap<string, Json>) {
  const entries = lock.packages as Readonly<Record<string, Json>>;
  return [...manifests].map(([file, { name }]) => {
    const folder = dirname(file);
    return { folder, name: String(name), entry: entries[folder] ?? {} };
  });
}

function withVersion(name: string, manifest: Json, published: ReadonlySet<string>, version: string): Json {
  const changed: Json = { ...manifest };
  if (published.has(name)) changed.version = version;
  for (const field of dependencyFields) {
    const dependencies = manifest[field] as Json | undefined;
    if (dependencies === undefined) continue;
    changed[field] = Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => [name, published.has(name) ? version : range]),
    );
  }
  return changed;
}

/** One sentence for every version that is not as it should be. */
function differences(where: string, manifest: Json, right: Json): string[] {
  const versions = (of: Json): Json =>
    Object.assign({ version: of.version }, ...dependencyFields.map((field) => of[field]));
  const found = versions(manifest);
  return Object.entries(versions(right))
    .filter(([name, version]) => found[name] !== version)
    .map(([name, version]) => `${where} has ${name} ${found[name]}, not ${version}.`);
}

function readJson(root: string, file: string): Json {
  return JSON.parse(readFileSync(join(root, file), 'utf8')) as Json;
}

function writeJson(root: string, file: string, value: Json): void {
  writeFileSync(join(root, file), `${JSON.stringify(value, undefined, 2)}\n`);
}
