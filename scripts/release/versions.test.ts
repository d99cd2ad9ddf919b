import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../import-graph.ts';
import { releaseChangelog, sectionOf } from './changelog.ts';
import { distTag, nextVersion, readVersions, writeVersion } from './versions.ts';

describe('the version of the packages', () => {
  const copy = mkdtempSync(join(tmpdir(), 'gepa-versions-'));
  const files = [
    'package.json',
    'package-lock.json',
    ...globSync(['packages/*/package.json', '{examples,benchmarks,docs}/package.json'], { cwd: root }),
    'packages/gepa-core/src/version.ts',
  ];
  const read = (file: string) => readFileSync(join(copy, file), 'utf8');
  const replace = (file: string, old: string, text: string) =>
    writeFileSync(join(copy, file), read(file).replace(old, text));
  beforeEach(() => {
    for (const file of files) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      cpSync(join(root, file), join(copy, file));
    }
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  it('everything in the repository names one version', () => {
    expect(readVersions(root).problems).toEqual([]);
  });

  it('a new version reaches every package, dependency, the lock file and the code, and nothing else changes', () => {
    writeVersion(copy, '7.8.9');
    expect(readVersions(copy)).toEqual({ version: '7.8.9', problems: [] });
    for (const file of files) {
      const lines = readFileSync(join(root, file), 'utf8').split('\n');
      const changed = read(file)
        .split('\n')
        .filter((line, i) => line !== lines[i]);
      expect(changed.filter((line) => !line.includes('7.8.9'))).toEqual([]);
      expect(read(file)).not.toMatch(/"gepa-(core|langchain|mastra)": "(?!7\.8\.9")/);
    }
  });

  it('each place with another version is named', () => {
    const { version } = readVersions(copy);
    replace('packages/gepa-mastra/package.json', `"version": "${version}"`, '"version": "9.9.9"');
    replace('packages/gepa-langchain/package.json', `"gepa-core": "${version}"`, '"gepa-core": "^0.0.1"');
    replace('examples/package.json', `"gepa-mastra": "${version}"`, '"gepa-mastra": "1.0.0"');
    replace('packages/gepa-core/src/version.ts', version, '9.9.9');
    expect(readVersions(copy).problems).toEqual([
      `packages/gepa-langchain/package.json has gepa-core ^0.0.1, not ${version}.`,
      `packages/gepa-mastra/package.json has version 9.9.9, not ${version}.`,
      `examples/package.json has gepa-mastra 1.0.0, not ${version}.`,
      `packages/gepa-core/src/version.ts does not say ${version}.`,
    ]);
  });

  it('a lock file that was not updated is named', () => {
    const { version } = readVersions(copy);
    replace('package-lock.json', `"gepa-core": "${version}"`, '"gepa-core": "0.0.1"');
    expect(readVersions(copy).problems).toEqual([
      expect.stringMatching(/^package-lock\.json, \S+, has gepa-core 0\.0\.1, not /),
    ]);
  });

  it('the next version is a version, or a step from the current one; lower ones are refused', () => {
    expect(nextVersion('0.1.0', 'minor')).toBe('0.2.0');
    expect(nextVersion('0.1.0', '0.1.0')).toBe('0.1.0');
    expect(nextVersion('0.2.0', 'preminor')).toBe('0.3.0-beta.0');
    expect(nextVersion('0.3.0-beta.0', 'prerelease')).toBe('0.3.0-beta.1');
    expect(() => nextVersion('0.2.0', '0.1.9')).toThrow('lower than 0.2.0');
    expect(() => nextVersion('0.2.0', 'bigger')).toThrow('"bigger" is no version');
    expect([distTag('1.0.0'), distTag('1.0.0-beta.0')]).toEqual(['latest', 'next']);
  });
});

describe('the changelog', () => {
  const text = '# Changelog\n\n## Unreleased\n\n### Added\n\n- One.\n\n## 0.1.0 (2026-01-02)\n\n- Old.\n';

  it('a release moves the lines under Unreleased under its version', () => {
    const released = releaseChangelog(text, '0.2.0', '2026-02-03');
    expect(sectionOf(released, 'Unreleased')).toBe('');
    expect(sectionOf(released, '0.2.0')).toBe('### Added\n\n- One.');
    expect(sectionOf(released, '0.1.0')).toBe('- Old.');
    expect(released).toContain('## 0.2.0 (2026-02-03)\n\n### Added');
  });

  it('without a line under Unreleased there is no release, and a version without a section has no notes', () => {
    const released = releaseChangelog(text, '0.2.0', '2026-02-03');
    expect(() => releaseChangelog(released, '0.3.0', '2026-02-04')).toThrow('nothing to release');
    expect(sectionOf(text, '0.2.0')).toBe('');
    expect(sectionOf(text, '0.1')).toBe('');
  });

  it('the changelog of the repository has a heading for what is not released', () => {
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toMatch(/^## Unreleased\n/m);
  });
});
