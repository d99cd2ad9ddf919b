import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Change, packedPackage } from './packed-package.ts';
import { tarballProblems } from './tarballs.ts';

const folder = mkdtempSync(join(tmpdir(), 'gepa-release-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the checks of a tarball', () => {
  it('a complete package has no problem', () => {
    expect(tarballProblems(packedPackage(folder, 'gepa-core'), '1.2.3', '/home/me/gepa')).toEqual([]);
  });

  it.each<[string, Change, string]>([
    ['has no license file', (project) => rmSync(join(project, 'LICENSE')), 'LICENSE is missing.'],
    [
      'has no documentation',
      (project) => rmSync(join(project, 'docs'), { recursive: true }),
      'docs/README.md is missing.',
    ],
    [
      'lacks the file of an export',
      (project) => rmSync(join(project, 'dist/index.js')),
      'package.json names dist/index.js, which is missing.',
    ],
    [
      'has a test',
      (project) => writeFileSync(join(project, 'src/a.test.ts'), ''),
      'src/a.test.ts must not be published.',
    ],
    [
      'names a folder of the machine',
      (project) => writeFileSync(join(project, 'dist/a.js.map'), '["/home/me/gepa/src"]'),
      'dist/a.js.map names a folder of this machine.',
    ],
    [
      'has another version',
      (_, manifest) => Object.assign(manifest, { version: '1.2.4' }),
      'package.json has the version 1.2.4, not 1.2.3.',
    ],
    [
      'is not for the public',
      (_, manifest) => Object.assign(manifest, { publishConfig: {} }),
      'package.json has no publishConfig with public access and provenance.',
    ],
    [
      'names no repository',
      (_, manifest) => Object.assign(manifest, { repository: 'x' }),
      'package.json has no repository.directory packages/gepa-core.',
    ],
    [
      'requires another version of a package',
      (_, manifest) => Object.assign(manifest, { dependencies: { 'gepa-core': '^1.2.2' } }),
      'package.json requires gepa-core ^1.2.2, not 1.2.3.',
    ],
    [
      'requires a folder',
      (_, manifest) => Object.assign(manifest, { dependencies: { zod: 'file:../zod' } }),
      'package.json requires zod from file:../zod.',
    ],
  ])('a package that %s is refused', (_, change, problem) => {
    expect(tarballProblems(packedPackage(folder, 'gepa-core', change), '1.2.3', '/home/me/gepa')).toEqual([
      problem,
    ]);
  });
});
