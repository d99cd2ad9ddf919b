import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Loads every entry of every published package as ESM and as CommonJS, from the output of `npm run build`. Leaves out
 * `gepa-core/testing`, which requires a vitest run.
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

const passes = (claim: string, code: string) => {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(root, 'examples'),
    encoding: 'utf8',
  });
  console.log(`${status === 0 ? 'holds' : 'FAILS'}  ${claim}${status === 0 ? '' : `\n${stderr}`}`);
  return status === 0;
};

const claims = [
  passes(
    'The CommonJS copy recognizes an error of the ESM copy.',
    `import { createRequire } from 'node:module';
     import { OptionsError, GepaError } from 'gepa-core';
     const other = createRequire(process.cwd() + '/x.js')('gepa-core');
     if (other.GepaError === GepaError) throw new Error('one copy only');
     if (!other.GepaError.isInstance(new OptionsError(['x']))) throw new Error('not recognized');`,
  ),
  passes(
    'All entries share one copy of each class, as ESM and as CommonJS.',
    `import { createRequire } from 'node:module';
     const require = createRequire(process.cwd() + '/x.js');
     for (const load of [(entry) => import(entry), require]) {
       const [core, tunable, light, langchain, chain, mastra, agent] = await Promise.all(
         ['gepa-core', 'gepa-core/tunable', 'gepa-core/load', 'gepa-langchain', 'gepa-langchain/load',
          'gepa-mastra', 'gepa-mastra/load'].map((entry) => load(entry)),
       );
       if (core.OptionsError !== light.OptionsError) throw new Error('two classes of OptionsError');
       for (const { tunable: one } of [tunable, light, mastra, agent]) {
         if (one !== core.tunable) throw new Error('two functions tunable');
       }
       // It takes prompt templates too.
       if (langchain.tunable !== chain.tunable) throw new Error('two functions tunable of gepa-langchain');
     }`,
  ),
  passes(
    'A program loads its saved texts without loading the optimizer.',
    `import { registerHooks } from 'node:module';
     const loaded = [];
     registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
     await import('gepa-core/load');
     await import('gepa-core/tunable');
     const heavy = loaded.filter((url) => /zod|genai-prices|gepa-core.dist.index/.test(url));
     if (heavy.length > 0) throw new Error('loaded ' + heavy.slice(0, 3).join(', '));`,
  ),
];
process.exit([...loaded, ...claims].every(Boolean) ? 0 : 1);
