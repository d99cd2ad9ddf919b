import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';

/**
 * Makes the paths in the source maps of the package in the working directory relative. Runs after tsup, whose CommonJS maps
 * name the folder in which the package was built.
 */
for (const path of globSync('dist/**/*.map')) {
  const map = JSON.parse(readFileSync(path, 'utf8')) as { file?: string; sources: string[] };
  const folder = join(process.cwd(), dirname(path));
  const inFolder = (file: string) => (isAbsolute(file) ? relative(folder, file).replaceAll('\\', '/') : file);
  const file = map.file === undefined ? {} : { file: inFolder(map.file) };
  writeFileSync(path, JSON.stringify({ ...map, ...file, sources: map.sources.map(inFolder) }));
}
