// @module-tag slow
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedPage, openReport } from './opened-page.ts';
import { browserPath, launch, withoutBrowser } from './page.ts';
import { simulatedRun } from './simulated-run.ts';

const { data, ...source } = simulatedRun({ candidates: 20, examples: 300 });

describe.skipIf(browserPath === undefined)(`the report page by keyboard${withoutBrowser}`, () => {
  let browser: Browser;
  let opened: OpenedPage;
  beforeAll(async () => {
    browser = await launch();
    opened = await openReport(browser, { data, ...source });
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await browser?.close();
  });
  const focused = () =>
    opened.page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
    );
  const press = async (...keys: string[]) => {
    for (const key of keys) await opened.page.keyboard.press(key);
  };

  it('the first Tab reaches a way past the navigation, the next ones the views', async () => {
    await press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await press('Tab', 'Tab');
    expect(await focused()).toBe('Candidates');
    await press('Enter');
    await opened.page.getByRole('heading', { name: '20 candidates' }).waitFor();
    expect(await opened.page.locator('nav [aria-current=page]').textContent()).toBe('Candidates');
    expect(await opened.page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
  });

  it('arrow keys move through the grid, also to cells that were out of view, and Enter opens an example', async () => {
    await opened.go('examples');
    await opened.page.locator('.cell[tabindex="0"]').focus();
    expect(await focused()).toContain('ticket-0, seed');
    await press('ArrowDown', 'ArrowRight');
    await opened.page.waitForFunction(() =>
      /^ticket-1, (?!seed)/.test(document.activeElement?.getAttribute('aria-label') ?? ''),
    );
    await press('Control+End');
    await opened.page.waitForFunction(() =>
      document.activeElement?.getAttribute('aria-label')?.startsWith('ticket-299,'),
    );
    expect(await opened.page.locator('.cell[tabindex="0"]').count()).toBe(1);
    await press('Enter');
    await opened.page.getByRole('heading', { name: 'Example ticket-299' }).waitFor();
    await opened.page.goBack();
    await opened.page.getByRole('heading', { name: 'Validation examples' }).waitFor();
  });

  it('only the rows and cells in view exist, and the grid names its whole size', async () => {
    await opened.go('examples');
    expect(await opened.page.locator('.grid-row').count()).toBeLessThan(60);
    const grid = opened.page.getByRole('grid');
    expect(await grid.getAttribute('aria-rowcount')).toBe('301');
    expect(await grid.getAttribute('aria-colcount')).toBe('21');
  });

  it('a table sorts by Enter on its heading, and says so to screen readers', async () => {
    await opened.go('candidates');
    const heading = opened.page.getByRole('columnheader', { name: 'Score' });
    await heading.getByRole('button').focus();
    await press('Enter');
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    await press('Enter');
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
  });
});
