import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RunnableLambda } from '@langchain/core/runnables';
import { Agent } from '@mastra/core/agent';
import { type BuildOptions, build } from 'esbuild';
import { startOpenAIServer } from 'gepa-test-server';
import { afterAll, expect, it } from 'vitest';
import langchainConfig from '../packages/gepa-langchain/tsup.config.ts';
import mastraConfig from '../packages/gepa-mastra/tsup.config.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(root, 'node_modules/.bundled-'));
const server = await startOpenAIServer(() => 'yes');
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.close();
});

const cases = {
  'gepa-langchain': {
    config: langchainConfig,
    target: ({ gepa, tunable }: typeof import('gepa-langchain')) => {
      const rules = tunable('rules', 'Be kind.');
      return gepa(
        RunnableLambda.from(() => rules.text),
        { tunables: [rules] },
      );
    },
  },
  'gepa-mastra': {
    config: mastraConfig,
    target: ({ gepa }: typeof import('gepa-mastra')) =>
      gepa(
        new Agent({
          id: 'a',
          name: 'A',
          instructions: 'Be kind.',
          model: { id: 'openai/simulated', url: server.url, apiKey: 'unused' },
        }),
      ),
  },
};

it.each(Object.entries(cases))(
  'the CommonJS build of %s runs in an ES module, into which some bundlers put it',
  async (name, { config, target }) => {
    const options: BuildOptions = {};
    const { esbuildOptions } = config as { esbuildOptions: (options: BuildOptions, context: object) => void };
    esbuildOptions(options, { format: 'cjs' });
    const outfile = join(folder, `${name}.mjs`);
    await build({
      ...options,
      entryPoints: [join(root, 'packages', name, 'src/index.ts')],
      outfile,
      bundle: true,
      packages: 'external',
      format: 'esm',
      logLevel: 'silent',
    });
    const { evaluate } = target(await import(pathToFileURL(outfile).href)) as {
      evaluate(options: object): Promise<unknown>;
    };
    await expect(
      evaluate({
        examples: [{ input: 'q' }],
        metric: () => 1,
      }),
    ).resolves.toBeDefined();
  },
);
