import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { writeReportFile } from '../../gepa-core/src/report-file/write-report.ts';
import { browserPath, buildPage, launch } from '../test/page.ts';
import { simulatedRun } from '../test/simulated-run.ts';

/** How fast the report of a large simulated run is written, opens and scrolls: 200 candidates × 10,000 examples. */
if (browserPath === undefined) throw new Error('There is no Chromium; install it or set CHROMIUM_PATH.');
buildPage();
const folder = mkdtempSync(join(tmpdir(), 'gepa-bench-report-'));
const file = join(folder, 'report.html');
const coverage = Number(process.argv[2] ?? 0.1);
const source = simulatedRun({ candidates: 200, examples: 10_000, coverage, traceCharacters: 2_000 });
const { candidates, valset, rollouts } = source.data;
console.log(`${candidates.length} candidates × ${valset.length} examples, ${rollouts.length} rollouts`);

const writing = performance.now();
await writeReportFile(file, source);
const megabytes = (statSync(file).size / 1e6).toFixed(1);
console.log(`written in ${seconds(writing)}: ${megabytes} MB`);

const browser = await launch();
try {
  for (const [view, ready] of [
    ['', '.verdict .sentence'],
    ['examples', '.cell'],
    ['candidates', '.lineage a'],
    ['examples/17', '.rollout'],
  ] as const) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const opening = performance.now();
    await page.goto(`${pathToFileURL(file).href}#/${view}`, { waitUntil: 'commit' });
    await page.locator(ready).first().waitFor();
    console.log(`#/${view} is there after ${seconds(opening)}`);
    if (view === 'examples') console.log(`longest frame while scrolling: ${await longestFrame(page)} ms`);
    await page.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}

/** Scrolls through the grid for two seconds. */
function longestFrame(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const grid = document.querySelector('.grid')!;
    let longest = 0;
    let last = performance.now();
    const end = last + 2_000;
    while (last < end) {
      grid.scrollTop += 120;
      const now = await new Promise<number>((resolve) =>
        requestAnimationFrame(() => resolve(performance.now())),
      );
      longest = Math.max(longest, now - last);
      last = now;
    }
    return Math.round(longest);
  });
}
