import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['gepa-source'] },
  ssr: { resolve: { conditions: ['gepa-source'], externalConditions: ['gepa-source'] } },
  test: {
    include: ['{packages,examples,benchmarks,docs,scripts}/**/*.test.ts'],
    reporters: ['default', './scripts/count-reporter.ts'],
    globalSetup: './scripts/temporary-files.ts',
    setupFiles: ['./scripts/property-seed.ts'],
    execArgv: ['--conditions=gepa-source'],
    // Far more than any test takes on a busy machine: no test depends on speed.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // By default one core is left idle, which on two cores doubles the time.
    maxWorkers: '100%',
    // A slow test has `{ tags: 'slow' }`; a file of slow tests begins with `// @module-tag slow`.
    tags: [{ name: 'slow', description: 'Takes seconds; `npm run test:fast` leaves it out.' }],
  },
});
