import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    tunable: 'src/program/tunable.ts',
    load: 'src/exports/load.ts',
    adapter: 'src/exports/adapter.ts',
    node: 'src/exports/node.ts',
    report: 'src/exports/report.ts',
    bullmq: 'src/exports/bullmq.ts',
    testing: 'src/exports/testing.ts',
    'cli/main': 'src/cli/main.ts',
  },
  format: ['esm', 'cjs'],
  // Entries share chunks, so that each class exists once per format.
  splitting: true,
  dts: true,
  sourcemap: true,
  clean: true,
  target: 'node22',
  esbuildOptions(options, { format }) {
    // CommonJS has no `import.meta`.
    if (format === 'cjs') options.define = { ...options.define, 'import.meta.dirname': '__dirname' };
  },
  async onSuccess() {
    const page = join(import.meta.dirname, '../report-page/dist/report.html');
    cpSync(page, join(import.meta.dirname, 'dist/report.html'));
  },
});
