import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';

/**
 * Makes the paths in the source maps of the package in the working directory relative. Runs after tsup, whose CommonJS maps
 * name the folder in which the package was built.
 */
for (const file of globSync('dist/**/*.map')) {
  const map = JSON.parse(readFileSync(file, 'utf8')) as { sources: string[] };
  const folder = join(process.cwd(), dirname(file));
  const sources = map.sources.map((source) =>
    isAbsolute(source) ? relative(folder, source).replaceAll('\\', '/') : source,
  );
  writeFileSync(file, JSON.stringify({ ...map, sources }));
}
