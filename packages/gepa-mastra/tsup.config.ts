import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/load.ts'],
  format: ['esm', 'cjs'],
  // Entries share chunks, so that each class exists once per format.
  splitting: true,
  dts: true,
  sourcemap: true,
  clean: true,
  target: 'node22',
  esbuildOptions(options, { format }) {
    // CommonJS has no `import.meta`.
    if (format === 'cjs') options.define = { ...options.define, 'import.meta.filename': '__filename' };
  },
});
