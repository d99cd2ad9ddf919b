import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { ReportSource } from '../../gepa-core/src/report-file/details.ts';
import { writeReportFile } from '../../gepa-core/src/report-file/write-report.ts';
import { buildPage } from './page.ts';

/** A report file in a browser. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  readonly file: string;
  /** What the browser complained about, violations of the content security policy among them. */
  readonly complaints: readonly string[];
  /** What the page asked for besides its own file. */
  readonly requests: readonly string[];
  /** Opens a view by the part of its address after `#/`. */
  go(view: string): Promise<void>;
}

export async function openReport(
  browser: Browser,
  source: ReportSource,
  viewport = { width: 1200, height: 800 },
): Promise<OpenedPage> {
  buildPage();
  const folder = mkdtempSync(join(tmpdir(), 'gepa-report-'));
  const file = join(folder, 'report.html');
  await writeReportFile(file, source);
  const page = await browser.newPage({ viewport });
  const complaints: string[] = [];
  const requests: string[] = [];
  const own = pathToFileURL(file).href;
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(own) && !request.url().startsWith('data:')) requests.push(request.url());
  });
  await page.goto(own);
  return {
    page,
    file,
    complaints,
    requests,
    async go(view) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `/${view}`);
      await page.waitForFunction(
        (hash) => location.hash === hash && document.querySelector('main :is(h1, .verdict)') !== null,
        `#/${view}`,
      );
    },
    async [Symbol.asyncDispose]() {
      await page.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
