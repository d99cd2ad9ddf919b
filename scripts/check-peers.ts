import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lowestPeers, type Versions } from './install-matrix/lowest-peers.ts';

/**
 * Runs the tests of the framework packages with the lowest versions their peer ranges allow, in a copy of the
 * repository; `npm test` runs them with the newest.
 */

/** Versions of packages that only tests need; the newest require newer peers. */
const ofTests: Readonly<Record<string, Versions>> = {
  'gepa-langchain': {
    '@langchain/anthropic': '1.3.12',
    '@langchain/aws': '1.1.0',
    '@langchain/google-genai': '2.1.15',
    '@langchain/langgraph-supervisor': '1.0.1',
    '@langchain/mistralai': '1.0.0',
    '@langchain/ollama': '1.0.0',
    deepagents: '1.3.1',
  },
};

const root = join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const failed = Object.entries(lowestPeers)
  .filter(([name]) => wanted.length === 0 || wanted.includes(name))
  .filter(([name, versions]) => !passes(name, { ...versions, ...ofTests[name] }))
  .map(([name]) => name);
console.log(failed.length === 0 ? 'All lowest peers pass.' : `Lowest peers fail: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

function passes(name: string, versions: Versions): boolean {
  const copy = mkdtempSync(join(tmpdir(), `${name}-lowest-`));
  try {
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    });
    for (const file of files.trim().split('\n')) {
      mkdirSync(join(copy, dirname(file)), { recursive: true });
      cpSync(join(root, file), join(copy, file));
    }
    rmSync(join(copy, 'package-lock.json'));
    // Only this package and its dependencies: others may not support these versions.
    edit(join(copy, 'package.json'), (manifest) => ({
      ...manifest,
      workspaces: ['packages/gepa-core', 'packages/report-page', 'packages/test-server', `packages/${name}`],
      overrides: { ...(manifest.overrides as object), ...versions },
    }));
    edit(join(copy, 'packages', name, 'package.json'), (manifest) => ({
      ...manifest,
      devDependencies: { ...(manifest.devDependencies as object), ...versions },
    }));
    console.log(
      `\n${name} with ${Object.entries(versions)
        .map(([dependency, version]) =>
          version === undefined ? `no ${dependency}` : `${dependency}@${version}`,
        )
        .join(', ')}`,
    );
    const install = spawnSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: copy, encoding: 'utf8' });
    if (install.status !== 0) {
      console.log(install.stderr);
      return false;
    }
    const tests = spawnSync('npx', ['vitest', 'run', `packages/${name}`], { cwd: copy, encoding: 'utf8' });
    const lines = tests.stdout.trimEnd().split('\n');
    console.log(tests.status === 0 ? lines.at(-1) : `${tests.stdout}\n${tests.stderr}`);
    return tests.status === 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function edit(path: string, change: (manifest: Record<string, unknown>) => Record<string, unknown>): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8'))), undefined, 2));
}
