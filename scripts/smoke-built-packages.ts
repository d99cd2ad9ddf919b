import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Loads every entry of every published package as its users do, as ESM and as CommonJS, from what `npm run build` made.
 * `gepa-core/testing` needs a vitest run around it and is left out.
 */
const root = join(import.meta.dirname, '..');
const entries = readdirSync(join(root, 'packages')).flatMap((folder) => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
  const { name, exports, private: isPrivate } = manifest;
  // A private package is not built.
  if (isPrivate === true) return [];
  return Object.keys(exports)
    .filter((path) => path !== './package.json' && path !== './testing')
    .map((path) => join(name, path));
});

const load = (entry: string, kind: 'module' | 'commonjs') => {
  const code =
    kind === 'module'
      ? `const loaded = await import('${entry}'); if (Object.keys(loaded).length === 0) throw new Error('empty');`
      : `const loaded = require('${entry}'); if (Object.keys(loaded).length === 0) throw new Error('empty');`;
  const { status, stderr } = spawnSync(process.execPath, [`--input-type=${kind}`, '-e', code], {
    cwd: join(root, 'examples'),
    encoding: 'utf8',
  });
  console.log(`${status === 0 ? 'loads' : 'FAILS'}  ${entry} (${kind})${status === 0 ? '' : `\n${stderr}`}`);
  return status === 0;
};

const loaded = entries.flatMap((entry) => [load(entry, 'module'), load(entry, 'commonjs')]);

// An error of one copy is recognised by the other.
const copies = spawnSync(
  process.execPath,
  [
    '--input-type=module',
    '-e',
    `import { createRequire } from 'node:module';
     import { OptionsError, GepaError } from 'gepa-core';
     const other = createRequire(process.cwd() + '/x.js')('gepa-core');
     if (other.GepaError === GepaError) throw new Error('one copy only');
     if (!other.GepaError.isInstance(new OptionsError(['x']))) throw new Error('not recognised');`,
  ],
  { cwd: join(root, 'examples'), encoding: 'utf8' },
);
console.log(copies.status === 0 ? 'Two copies know each other.' : copies.stderr);
process.exit(loaded.every(Boolean) && copies.status === 0 ? 0 : 1);
