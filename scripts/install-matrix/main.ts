import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../import-graph.ts';
import { packPackages, tarballsIn } from '../pack.ts';
import { tarballProblems } from '../release/tarballs.ts';
import { readVersions } from '../release/versions.ts';
import { type Cell, cells, type Manager, type Runtime } from './cells.ts';
import { programFor } from './program.ts';
import { tool } from './tools.ts';

/**
 * Packs the built packages, checks their files, installs them in bare folders with several package managers and peers, and
 * runs a small optimization there on several runtimes, as ESM and as CommonJS. `--quick` runs the part for CI, `--tarballs FOLDER` takes
 * packages that are packed already; other arguments select by name.
 */
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, tarballs: { type: 'string' } },
});
const chosen = cells.filter(
  ({ name, quick = false }) =>
    (!values.quick || quick) && (wanted.length === 0 || wanted.some((word) => name.includes(word))),
);
const folder = mkdtempSync(join(tmpdir(), 'gepa-install-'));
const toolbox = join(folder, 'tools');
let failures = 0;
try {
  const tarballs = pack();
  for (const [name, tarball] of tarballs) checkFiles(name, tarball);
  for (const cell of chosen) checkCell(cell, tarballs);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'Every installation works.' : `${failures} FAILED.`);
process.exitCode = failures === 0 && chosen.length > 0 ? 0 : 1;

/** The packed packages by name. */
function pack(): ReadonlyMap<string, string> {
  const target = values.tarballs === undefined ? join(folder, 'tarballs') : resolve(values.tarballs);
  if (values.tarballs === undefined) packPackages(target);
  return tarballsIn(target);
}

function checkFiles(name: string, tarball: string): void {
  const problems = tarballProblems(tarball, readVersions(root).version, root);
  console.log(`${problems.length === 0 ? 'works' : 'FAILS'}  ${name}: the files of the tarball`);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) failures++;
}

function checkCell(cell: Cell, tarballs: ReadonlyMap<string, string>): void {
  const project = mkdtempSync(join(folder, 'project-'));
  const ours = Object.fromEntries(cell.packages.map((name) => [name, `file:${tarballs.get(name)}`]));
  writeProject(project, cell, ours);
  const started = Date.now();
  const installed = install(cell.manager, project);
  report(`${cell.name}: installed`, installed, started);
  if (installed.status !== 0) return;
  for (const name of cell.packages) {
    for (const kind of ['esm', 'cjs'] as const) {
      const file = join(project, `${name}.${kind === 'esm' ? 'mjs' : 'cjs'}`);
      writeFileSync(file, programFor(name, kind));
      for (const runtime of cell.runtimes) {
        const began = Date.now();
        const output = mkdtempSync(join(project, 'output-'));
        report(`${cell.name}: ${name}, ${kind}, ${runtime}`, start(cell, runtime, file, output), began);
      }
    }
  }
  if (cell.edge === true) {
    const began = Date.now();
    const edge = join(root, 'scripts/smoke-edge-runtime.ts');
    report(`${cell.name}: gepa-core, edge bundle`, run(process.execPath, [edge, project], project), began);
  }
}

/** The files of a bare project. `gepa-core` of the framework packages comes from its tarball, too. */
function writeProject(project: string, cell: Cell, ours: Readonly<Record<string, string>>): void {
  const pinned = { 'gepa-core': ours['gepa-core']! };
  const overrides: Readonly<Record<Manager, object>> = {
    npm: {},
    pnpm: {},
    yarn: { resolutions: pinned },
    'yarn-pnp': { resolutions: pinned },
    bun: { overrides: pinned },
  };
  const manifest = {
    name: 'bare',
    private: true,
    dependencies: { ...cell.others, ...ours },
    ...overrides[cell.manager],
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, undefined, 2));
  if (cell.manager === 'pnpm') {
    writeFileSync(
      join(project, 'pnpm-workspace.yaml'),
      `overrides:\n  gepa-core: '${pinned['gepa-core']}'\n`,
    );
  }
  if (cell.manager.startsWith('yarn')) {
    const linker = cell.manager === 'yarn' ? 'node-modules' : 'pnp';
    writeFileSync(
      join(project, '.yarnrc.yml'),
      `nodeLinker: ${linker}\nenableTelemetry: false\nenableScripts: false\nenableImmutableInstalls: false\n`,
    );
    writeFileSync(join(project, 'yarn.lock'), '');
  }
}

function install(manager: Manager, project: string): SpawnSyncReturns<string> {
  switch (manager) {
    case 'npm':
      return run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], project);
    case 'pnpm':
      return run(tool('pnpm', toolbox), ['install', '--ignore-scripts', '--no-frozen-lockfile'], project);
    case 'bun':
      return run(tool('bun', toolbox), ['install', '--ignore-scripts'], project);
    default:
      return run(process.execPath, [tool('yarn', toolbox), 'install'], project);
  }
}

function start(cell: Cell, runtime: Runtime, file: string, output: string): SpawnSyncReturns<string> {
  const command = tool(runtime, toolbox);
  const project = join(file, '..');
  if (runtime === 'deno') {
    return run(command, ['run', '-A', '--node-modules-dir=manual', file, output], project);
  }
  if (cell.manager === 'yarn-pnp') {
    const loaders = ['--require', join(project, '.pnp.cjs'), '--loader', join(project, '.pnp.loader.mjs')];
    return run(command, [...loaders, file, output], project);
  }
  return run(command, [file, output], project);
}

/** Without the settings of this repository's own npm run, which would reach the bare folder. */
function run(command: string, parameters: readonly string[], cwd: string): SpawnSyncReturns<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(?!registry|cafile)|package|lifecycle)/.test(name),
    ),
  );
  return spawnSync(command, parameters, { cwd, env, encoding: 'utf8', timeout: 300_000 });
}

function report(
  claim: string,
  { status, stdout, stderr, error }: SpawnSyncReturns<string>,
  since: number,
): void {
  const seconds = ((Date.now() - since) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'works' : 'FAILS'}  ${claim} (${seconds} s)`);
  if (status === 0) return;
  failures++;
  console.log([stdout, stderr, error?.message].join('\n').slice(-3000));
}
