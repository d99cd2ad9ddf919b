import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..');
const built = join(root, 'dist', 'report.html');

/** Builds the page unless it is newer than its sources; test files that run at the same time may both do so. */
export function buildPage(): string {
  const sources = [
    ...globSync(['src/**/*.*', 'vite.config.ts', 'package.json'], { cwd: root }).map((file) =>
      join(root, file),
    ),
    ...globSync('../gepa-core/src/{report,report-file}/*.ts', { cwd: root }).map((file) => join(root, file)),
  ];
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return built;
  const out = join(root, 'dist', `test-${process.pid}`);
  // Not that of the tests, which would change what is bundled.
  const env = { ...process.env, NODE_ENV: 'production' };
  execFileSync('npx', ['vite', 'build', '--outDir', out, '--logLevel', 'error'], { cwd: root, env });
  mkdirSync(join(root, 'dist'), { recursive: true });
  // Others read the whole old file or the whole new one.
  cpSync(join(out, 'report.html'), `${out}.html`);
  renameSync(`${out}.html`, built);
  rmSync(out, { recursive: true });
  return built;
}

/** A Chromium of this machine. */
export const browserPath: string | undefined = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== '' && existsSync(path));

/** For the names of test groups that need a browser. */
export const withoutBrowser =
  browserPath === undefined ? ' (skipped: no Chromium found; install `chromium` or set CHROMIUM_PATH)' : '';

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: browserPath!,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-dev-shm-usage'],
  });
