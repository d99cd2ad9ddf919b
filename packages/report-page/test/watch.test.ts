// @module-tag slow
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { optimize } from '../../gepa-core/src/optimize.ts';
import { type WatchServer, watchRun } from '../../gepa-core/src/report-file/watch-server.ts';
import { tokenExamples, tokenRun } from '../../gepa-core/src/testing/fixtures/token-run.ts';
import { browserPath, buildPage, launch, withoutBrowser } from './page.ts';

let root: string;
let runDir: string;
let server: WatchServer | undefined;
beforeEach(() => {
  buildPage();
  root = mkdtempSync(join(tmpdir(), 'gepa-watch-'));
  runDir = join(root, 'run');
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(root, { recursive: true, force: true });
});

const start = async () => {
  server = await watchRun(runDir, { intervalMs: 20 });
  return server.url;
};

const options = () => tokenRun({ maxMetricCalls: 150, testset: tokenExamples('tests', 3), runDir }).options;

/** Asks with the path as it is, which `fetch` would tidy up. */
function ask(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    })
      .on('error', reject)
      .end();
  });
}

describe('gepa watch as a server', () => {
  it('answers only with the token of its address', async () => {
    const url = await start();
    expect((await ask(url, new URL(url).pathname)).status).toBe(200);
    expect((await ask(url, '/')).status).toBe(403);
    expect((await ask(url, '/data')).status).toBe(403);
    const token = new URL(url).pathname.slice(1, -1);
    const other = token.endsWith('x') ? 'y' : 'x';
    expect((await ask(url, `/${token.slice(0, -1)}${other}/data`)).status).toBe(403);
  });

  it('refuses another host name, which a page elsewhere may have resolved to loopback', async () => {
    const url = await start();
    const { host, pathname } = new URL(url);
    expect((await ask(url, pathname, { host: 'attacker.example' })).status).toBe(403);
    expect((await ask(url, pathname, { host: host.replace('127.0.0.1', 'localhost') })).status).toBe(200);
  });

  it('listens on loopback only', async () => {
    expect(new URL(await start()).hostname).toBe('127.0.0.1');
  });

  it('serves no file, also of the run directory', async () => {
    await optimize(options());
    writeFileSync(join(root, 'secret'), 'hidden');
    const base = new URL(await start()).pathname;
    for (const path of [
      '../secret',
      '..%2fsecret',
      '%2e%2e/secret',
      'examples/../../secret',
      'journal.jsonl',
      'examples/1/..',
      'examples/-1',
      'examples/1e3',
      'examples/99999',
      'constructor',
    ]) {
      const { status, text } = await ask(server!.url, `${base}${path}`);
      expect(`${path} ${status}`).toMatch(/ 40[34]$/);
      expect(text).not.toContain('hidden');
    }
  });

  it('sends security headers, and a page that may only ask this server', async () => {
    const response = await fetch(await start());
    expect(response.headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toContain("connect-src 'self'");
  });

  it('gives the data of a run that began before, without its details, and each example with them', async () => {
    const result = await optimize(options());
    const url = await start();
    const data = (await (await fetch(`${url}data`)).json()) as { runId: string; rollouts?: unknown };
    expect(data.runId).toBe(result.runId);
    expect(data.rollouts).toBeUndefined();
    const example = (await (await fetch(`${url}examples/0`)).json()) as { rollouts: { detail: object }[] };
    expect(example.rollouts[0]!.detail).toHaveProperty('output');
  });
});

it('gepa watch prints its address, and Ctrl-C ends it with 0', async () => {
  const main = join(import.meta.dirname, '../../gepa-core/src/cli/main.ts');
  const child = spawn(process.execPath, ['--conditions=gepa-source', main, 'watch', runDir, '--json']);
  const ended = new Promise((resolve) => child.on('close', resolve));
  const printed = await new Promise<string>((resolve) =>
    child.stdout.on('data', (chunk) => resolve(String(chunk))),
  );
  const { url } = JSON.parse(printed) as { url: string };
  expect((await fetch(`${url}data`)).status).toBe(204);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
});

describe.skipIf(browserPath === undefined)(`gepa watch in a browser${withoutBrowser}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('waits for a run that has not started, and follows it to its end without being loaded again', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(await start());
    await page.getByText('Waiting for the run to start').waitFor();
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));

    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { adapter, ...rest } = options();
    let rollouts = 0;
    const running = optimize({
      ...rest,
      adapter: {
        ...adapter,
        run: async (...args: Parameters<typeof adapter.run>) => {
          // The seed is scored; the rest waits until the page has shown it.
          if (++rollouts > 12) await gate;
          return adapter.run(...args);
        },
      },
    });
    await page.locator('.state.running').waitFor();
    goOn();
    const result = await running;
    await page.locator('.state.ended').waitFor();
    expect(await page.evaluate(() => 'isSamePage' in window)).toBe(true);
    expect(await page.locator('.verdict .sentence').textContent()).toContain(`Candidate ${result.bestIndex}`);
    await page.goto(`${server!.url}#/examples/0`);
    await page.getByText('Side by side').waitFor();
    expect(await page.locator('.rollout').count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('the page of gepa watch says when the connection is lost', async () => {
    const page = await browser.newPage();
    await optimize(options());
    await page.goto(await start());
    await page.locator('.state.ended').waitFor();
    await server!.close();
    server = undefined;
    await page.getByText('connection lost').waitFor();
    await page.close();
  });
});
