import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Changes the folder and the `package.json` of a package before it is packed. */
export type Change = (project: string, manifest: Record<string, unknown>) => void;

/** A packed package as a release makes it, for tests; `change` adds their faults. */
export function packedPackage(folder: string, name: string, change: Change = () => {}) {
  const project = join(mkdtempSync(join(folder, `${name}-`)), 'package');
  const manifest = {
    name,
    version: '1.2.3',
    license: 'MIT',
    type: 'module',
    engines: { node: '>=22' },
    repository: { type: 'git', url: 'git+https://example.com/x/y.git', directory: `packages/${name}` },
    publishConfig: { access: 'public', provenance: true },
    exports: { '.': { import: './dist/index.js' } },
    dependencies: { zod: '^4.0.0' },
  };
  for (const file of ['README.md', 'LICENSE', 'docs/README.md', 'src/index.ts', 'dist/index.js']) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), 'export {};');
  }
  change(project, manifest);
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const tarball = `${project}.tgz`;
  execFileSync('tar', ['-czf', tarball, '-C', dirname(project), 'package']);
  return tarball;
}
