import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../import-graph.ts';
import { packPackages, tarballsIn } from '../pack.ts';
import { releaseChangelog, sectionOf } from './changelog.ts';
import { publishTarballs } from './publish.ts';
import { distTag, nextVersion, readVersions, writeVersion } from './versions.ts';

/**
 * `npm run release -- minor` writes the version and the changelog of a release, to be reviewed and merged. `npm run release`
 * rehearses it: builds, tests, packs into `release/` and checks exactly these tarballs. `-- --publish` publishes them, too.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    publish: { type: 'boolean', default: false },
    // For trying the script: a registry on loopback, without a signature and without the test suite.
    registry: { type: 'string' },
    'no-provenance': { type: 'boolean', default: false },
    'skip-tests': { type: 'boolean', default: false },
  },
});
const folder = join(root, 'release');
const changelog = join(root, 'CHANGELOG.md');

try {
  refuseDirtyTree();
  if (positionals[0] === undefined) await release();
  else prepare(positionals[0]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function prepare(wanted: string): void {
  if (values.publish) throw new Error('Merge the new version first; then run with --publish alone.');
  const version = nextVersion(readVersions(root).version, wanted);
  const text = readFileSync(changelog, 'utf8');
  if (sectionOf(text, version) !== '') throw new Error(`CHANGELOG.md has a section ${version} already.`);
  writeFileSync(changelog, releaseChangelog(text, version, new Date().toISOString().slice(0, 10)));
  writeVersion(root, version);
  console.log(`The packages have the version ${version}, and CHANGELOG.md its section. Next:
  git commit -am 'Release ${version}'
  npm run release
  git tag v${version} && git push --atomic origin HEAD v${version}`);
}

async function release(): Promise<void> {
  const { version, problems } = readVersions(root);
  const notes = sectionOf(readFileSync(changelog, 'utf8'), version);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  if (values.publish) refuseUnlessTagged(version, notes);
  for (const step of ['build', 'api-report', 'lint', 'typecheck', 'test']) {
    if (step !== 'test' || !values['skip-tests']) run('npm', 'run', step);
  }
  rmSync(folder, { recursive: true, force: true });
  packPackages(folder);
  writeFileSync(join(folder, 'notes.md'), `${notes}\n`);
  const tarballs = tarballsIn(folder);
  for (const tarball of tarballs.values()) {
    run('publint', 'run', tarball, '--strict');
    run('attw', tarball, '--profile', 'node16');
  }
  run(process.execPath, join(root, 'scripts/install-matrix/main.ts'), '--tarballs', folder);
  refuseDirtyTree();
  if (!values.publish) {
    console.log(`Rehearsed ${version}; the tarballs are in release/. Nothing was published.`);
    return;
  }
  const published = await publishTarballs(tarballs, version, {
    tag: distTag(version),
    registry: values.registry,
    provenance: !values['no-provenance'],
  });
  console.log(`Published ${version}: ${published.join(', ') || 'nothing, the registry has all of it'}.`);
}

/** What is released must be in the repository. */
function refuseDirtyTree(): void {
  const changes = git('status', '--porcelain');
  if (changes !== '') throw new Error(`There are changes that are not committed:\n${changes}`);
}

function refuseUnlessTagged(version: string, notes: string): void {
  if (!git('tag', '--points-at', 'HEAD').split('\n').includes(`v${version}`)) {
    throw new Error(`The current commit has no tag v${version}, so ${version} is not published.`);
  }
  if (notes === '')
    throw new Error(`CHANGELOG.md has no section ${version}. Run: npm run release -- ${version}`);
  if (values['skip-tests'] && values.registry === undefined) {
    throw new Error('Without tests, packages are published only to a registry that --registry names.');
  }
}

function git(...parameters: string[]): string {
  return execFileSync('git', parameters, { cwd: root, encoding: 'utf8' }).trim();
}

function run(command: string, ...parameters: string[]): void {
  console.log(`\n> ${[command, ...parameters].join(' ')}`);
  const { status } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${[command, ...parameters].join(' ')} failed.`);
}
