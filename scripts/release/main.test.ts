// @module-tag slow

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../import-graph.ts';

const folder = mkdtempSync(join(tmpdir(), 'gepa-release-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run release', () => {
  /** A copy of the repository with one commit. */
  function repository() {
    const copy = mkdtempSync(join(folder, 'repository-'));
    const git = (...parameters: string[]) =>
      execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@example.com', ...parameters], {
        cwd: copy,
        encoding: 'utf8',
      });
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    })
      .trim()
      .split('\n');
    for (const file of files.filter((file) =>
      /package(-lock)?\.json$|^scripts\/|\.md$|version\.ts$|^\.gitignore$/.test(file),
    )) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      cpSync(join(root, file), join(copy, file));
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    git('init', '--quiet');
    writeFileSync(join(copy, '.git/info/exclude'), 'node_modules\n');
    git('add', '.');
    git('commit', '--quiet', '--message', 'x');
    const release = (...parameters: string[]) =>
      spawnSync(process.execPath, ['scripts/release/main.ts', ...parameters], {
        cwd: copy,
        encoding: 'utf8',
      });
    return { copy, git, release };
  }

  it('refuses changes that are not committed, and a version that is not tagged', () => {
    const { copy, release } = repository();
    expect(release('--publish')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has no tag v'),
    });
    writeFileSync(join(copy, 'README.md'), 'changed');
    for (const parameters of [[], ['minor'], ['--publish']]) {
      expect(release(...parameters)).toMatchObject({
        status: 1,
        stderr: 'There are changes that are not committed:\nM README.md\n',
      });
    }
  });

  it('refuses packages of different versions before anything is built', () => {
    const { copy, git, release } = repository();
    const file = join(copy, 'packages/gepa-mastra/package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...manifest, version: '0.0.1' }));
    git('commit', '--quiet', '--all', '--message', 'y');
    const { status, stdout, stderr } = release();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('packages/gepa-mastra/package.json has version 0.0.1');
  });

  it('prepares a version: manifests, lock file and changelog, and says what comes next', () => {
    const { copy, git, release } = repository();
    const { status, stdout } = release('99.0.0');
    expect(status).toBe(0);
    expect(stdout).toContain("git commit -am 'Release 99.0.0'");
    expect(
      git('status', '--porcelain')
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual([
      'M CHANGELOG.md',
      'M benchmarks/package.json',
      'M examples/package.json',
      'M package-lock.json',
      'M packages/gepa-core/package.json',
      'M packages/gepa-core/src/version.ts',
      'M packages/gepa-langchain/package.json',
      'M packages/gepa-mastra/package.json',
    ]);
    expect(readFileSync(join(copy, 'CHANGELOG.md'), 'utf8')).toMatch(
      /## Unreleased\n\n## 99\.0\.0 \(\d{4}-\d\d-\d\d\)\n/,
    );
  });
});
