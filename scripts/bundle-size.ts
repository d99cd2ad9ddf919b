import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './import-graph.ts';

/** A user's program and its size limit: minified, in kB (1,000 bytes), without the framework's own packages. */
export interface SizeLimit {
  readonly code: string;
  readonly limit: number;
}

export const sizeLimits: readonly SizeLimit[] = [
  { code: `export * from 'gepa-core/tunable'`, limit: 15 },
  { code: `export { tunable } from 'gepa-core'`, limit: 15 },
  { code: `export * from 'gepa-core/load'`, limit: 15 },
  { code: `export * from 'gepa-langchain/load'`, limit: 48 },
  { code: `export * from 'gepa-mastra/load'`, limit: 43 },
  // Not for production: the search, the prompts, the journal and the reports.
  { code: `export { optimize } from 'gepa-core'`, limit: 278 },
];

export interface BundleSize {
  /** The size of everything that is loaded at the start, in kB. */
  readonly initial: number;
  /** The size of the chunks that dynamic imports load, in kB. */
  readonly later: number;
  /** The source files of the initial part, relative to the repository's root. */
  readonly files: readonly string[];
  /** Those of the later part. */
  readonly laterFiles: readonly string[];
}

/**
 * Bundles a program as for production: minified, with code splitting.
 *
 * @param from `source` reads the packages' sources; `dist` reads the output of `npm run build`.
 */
export async function bundleSize(code: string, from: 'source' | 'dist'): Promise<BundleSize> {
  const { metafile } = await build({
    stdin: { contents: code, resolveDir: join(root, 'examples'), sourcefile: 'main.js' },
    absWorkingDir: root,
    outdir: 'out',
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: from === 'source' ? ['gepa-source'] : [],
    external: ['@langchain/*', 'langchain', 'langsmith', '@mastra/*'],
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const outputs = new Map(Object.entries(metafile.outputs));
  const initial = reachable(['out/main.js', 'out/stdin.js'], 'import-statement');
  // esbuild also writes chunks that only removed code would load.
  const all = reachable(initial, 'dynamic-import');
  const later = all.filter((path) => !initial.includes(path));
  return {
    initial: kB(initial),
    later: kB(later),
    files: filesOf(initial),
    laterFiles: filesOf(later),
  };

  function reachable(start: readonly string[], kind: 'import-statement' | 'dynamic-import'): string[] {
    const reached = new Set(start.filter((path) => outputs.has(path)));
    for (const path of reached) {
      for (const one of outputs.get(path)!.imports) {
        const isFollowed = one.kind === 'import-statement' || one.kind === kind;
        if (isFollowed && outputs.has(one.path)) reached.add(one.path);
      }
    }
    return [...reached];
  }

  function kB(paths: readonly string[]): number {
    return paths.reduce((sum, path) => sum + outputs.get(path)!.bytes, 0) / 1000;
  }

  function filesOf(paths: readonly string[]): string[] {
    return paths.flatMap((path) =>
      Object.entries(outputs.get(path)!.inputs).flatMap(([file, { bytesInOutput }]) =>
        bytesInOutput > 0 ? [file] : [],
      ),
    );
  }
}
