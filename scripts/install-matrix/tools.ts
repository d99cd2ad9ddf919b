import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Other runtimes and package managers, from the npm registry: packages that contain the program itself. */
const host = `${process.platform}-${process.arch}`;
const packages: Readonly<Record<string, { readonly spec: string; readonly path: string }>> = {
  'node-22': { spec: `node-22@npm:node-${host}@22.23.5`, path: 'node-22/bin/node' },
  'node-24': { spec: `node-24@npm:node-${host}@24.22.3`, path: 'node-24/bin/node' },
  bun: { spec: `@oven/bun-${host}@1.4.5`, path: `@oven/bun-${host}/bin/bun` },
  deno: {
    spec: `@deno/${process.platform === 'linux' ? `${host}-glibc` : host}@2.9.6`,
    path: `@deno/${process.platform === 'linux' ? `${host}-glibc` : host}/deno`,
  },
  pnpm: { spec: `@pnpm/exe.${host}@12.21.0`, path: `@pnpm/exe.${host}/pnpm` },
  yarn: { spec: '@yarnpkg/cli-dist@4.18.1', path: '@yarnpkg/cli-dist/bin/yarn.js' },
};

/** The command that starts a tool; installs it into `folder` on first use. */
export function tool(name: string, folder: string): string {
  const { spec, path } = packages[name]!;
  const file = join(folder, 'node_modules', path);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{}');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', spec], {
      cwd: folder,
      stdio: 'pipe',
    });
  }
  return file;
}
