import { expect, it } from 'vitest';
import {
  cyclesOf,
  folderGraph,
  importGraph,
  packageName,
  publishedPackages,
  reachableFrom,
} from './import-graph.ts';

const graph = importGraph();
const sources = [...graph].filter(([file]) => !/\.test(-d)?\.ts$|\/(testing|fixtures)\//.test(file));
const importsOf = (folder: string, of: Iterable<readonly [string, { packages: readonly string[] }]>) =>
  [...of].flatMap(([file, imports]) =>
    file.startsWith(`${folder}/`)
      ? imports.packages.map((specifier) => ({ file, name: packageName(specifier) }))
      : [],
  );
const framework =
  /^(ai$|@ai-sdk\/|@langchain\/|@mastra\/|langchain$|langsmith$|gepa-langchain$|gepa-mastra$)/;
const written = ({ file, name }: { file: string; name: string }) => `${file} imports ${name}`;

it('the import graph finds the packages and their files', () => {
  expect(publishedPackages.map(({ manifest }) => manifest.name)).toEqual([
    'gepa-core',
    'gepa-langchain',
    'gepa-mastra',
  ]);
  expect(reachableFrom(graph, ['packages/gepa-mastra/src/index.ts'])).toContain(
    'packages/gepa-core/src/optimize.ts',
  );
});

it('cyclesOf finds a cycle with its path, and none in a graph without', () => {
  const on = (...files: string[]) => ({ files, values: files, packages: [] });
  expect(cyclesOf(new Map(Object.entries({ a: on('b', 'c'), b: on('c'), c: on('d'), d: on() })))).toEqual([]);
  expect(cyclesOf(new Map(Object.entries({ a: on('b'), b: on('c', 'd'), c: on('b'), d: on('d') })))).toEqual([
    'b → c → b',
    'd → d',
  ]);
});

it('no source file imports itself through others, type imports included', () => {
  expect(cyclesOf(graph)).toEqual([]);
});

it.each(publishedPackages.map(({ folder }) => folder))(
  'no folder of %s uses itself through others',
  (folder) => {
    expect(cyclesOf(folderGraph(new Map(sources), folder))).toEqual([]);
  },
);

it('gepa-core imports no framework, not even in its tests', () => {
  const imported = importsOf('packages/gepa-core', graph).filter(({ name }) => framework.test(name));
  expect(imported.map(written)).toEqual([]);
});

it('the packages for one framework import neither each other nor the other framework', () => {
  const langchain = importsOf('packages/gepa-langchain', graph);
  const mastra = importsOf('packages/gepa-mastra', graph);
  const foreign = [
    ...langchain.filter(({ name }) => framework.test(name) && /mastra/.test(name)),
    ...mastra.filter(({ name }) => framework.test(name) && !/^@mastra\//.test(name)),
  ];
  expect(foreign.map(written)).toEqual([]);
});

it('published source imports only what the package declares', () => {
  const undeclared = publishedPackages.flatMap(({ folder, manifest }) => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    return importsOf(folder, sources).filter(
      ({ name }) => !name.startsWith('node:') && name !== manifest.name && !declared.includes(name),
    );
  });
  expect(undeclared.map(written)).toEqual([]);
});
