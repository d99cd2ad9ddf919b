import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';

/**
 * Bundles the built gepa-core as for a browser and runs it with web standards only: no `process`, no `require`, no Node
 * modules. An argument names a folder to take gepa-core from; default: this repository.
 */
const program = `
  import { optimize } from 'gepa-core';
  import { summarize } from 'gepa-core/report';
  import { tunable } from 'gepa-core/tunable';

  globalThis.ran = (async () => {
    const tone = tunable('tone', 'kind');
    let proposals = 0;
    const result = await optimize({
      seedCandidate: { text: 'a' },
      run: (candidate, example) => ({ output: candidate.text + tone.text + example }),
      metric: ({ output }) => output.length / 20,
      propose: async ({ candidate }) => ({ text: candidate.text + ++proposals }),
      trainset: ['x', 'y'],
      valset: ['z'],
      maxMetricCalls: 30,
    });
    return { gained: result.bestScore > result.seedScore, summary: summarize(result) };
  })();
`;
const { outputFiles } = await build({
  stdin: { contents: program, resolveDir: process.argv[2] ?? join(import.meta.dirname, '..', 'examples') },
  bundle: true,
  write: false,
  platform: 'browser',
  format: 'iife',
  logLevel: 'error',
});
const web = {
  AbortController,
  AbortSignal,
  TextDecoder,
  TextEncoder,
  URL,
  clearTimeout,
  console,
  crypto,
  performance,
  queueMicrotask,
  setTimeout,
};
const context = createContext({ ...web }) as { ran?: Promise<{ gained: boolean; summary: string }> };
runInContext(outputFiles[0]!.text, context);
const { gained, summary } = (await context.ran)!;
console.log(
  gained && summary.includes('Validation')
    ? 'gepa-core runs on web standards alone.'
    : 'FAILS on web standards alone.',
);
process.exit(gained ? 0 : 1);
