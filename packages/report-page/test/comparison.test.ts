// @module-tag slow
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../gepa-core/src/evaluate/evaluate.ts';
import { watchRun } from '../../gepa-core/src/report-file/watch-server.ts';
import { writeReport } from '../../gepa-core/src/report-file/write-report.ts';
import { browserPath, buildPage, launch, withoutBrowser } from './page.ts';

const hostile = '<img src=x onerror=alert(1)>';

interface Mail {
  readonly id: string;
  readonly input: string;
  readonly expected: string;
}

const labels = ['billing', 'bug', 'other'] as const;
const mails: readonly Mail[] = Array.from({ length: 40 }, (_, i) => ({
  id: `mail-${i}`,
  input: `Mail ${i}: please help me with ${labels[i % 3]}${i === 4 ? hostile : ''}, the invoice and the app are on my mind.`,
  expected: labels[i % 3]!,
}));

/** A simulated program: the longer its text, the more mails it gets right; `mail-7` always fails. */
const options = {
  seedCandidate: { 'triage.system': 'Classify the mail.' },
  run: (candidate: { readonly 'triage.system': string }, { id, input, expected }: Mail) => {
    if (id === 'mail-7') throw new Error('503 from the simulated model');
    const number = Number(id.slice(5));
    const skill = candidate['triage.system'].length / 100;
    const isRight = ((number * 7) % 10) / 10 < skill || (skill > 0.5 && number % 9 === 0);
    return {
      output:
        isRight && number % 11 !== (skill > 0.5 ? 3 : 12) ? expected : `not sure about ${input.slice(0, 60)}`,
      usage: { modelCalls: 1, inputTokens: 120, outputTokens: 12, costUsd: 0.0002 * (1 + skill) },
    };
  },
  examples: mails,
  metric: ({ output, example }: { output: string; example: Mail }) => ({
    score: output === example.expected,
    feedback: `Wanted ${example.expected}.`,
  }),
  candidates: {
    production: 'seed',
    'with examples of each label': {
      'triage.system':
        'Classify the mail as billing, bug or other.\nBilling: invoices, refunds.\nBug: what does not work.',
    },
    [hostile]: { 'triage.system': 'Classify the mail in one of the three labels.' },
  },
} as const;

describe.skipIf(browserPath === undefined)(`the page of an evaluation in a browser${withoutBrowser}`, () => {
  let browser: Browser;
  let root: string;
  let runDir: string;
  let report: Awaited<ReturnType<typeof evaluate>>;
  const complaints: string[] = [];
  beforeAll(async () => {
    buildPage();
    root = mkdtempSync(join(tmpdir(), 'gepa-comparison-'));
    runDir = join(root, 'run');
    report = (await evaluate({ ...options, runDir } as never)) as typeof report;
    await writeReport(runDir, join(root, 'directory.html'));
    await writeReport(report, join(root, 'object.html'));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(root, { recursive: true, force: true });
  });

  async function open(name: string, hash = '', viewport = { width: 1200, height: 900 }): Promise<Page> {
    const page = await browser.newPage({ viewport });
    page.on('console', (message) => {
      if (message.type() !== 'log') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${pathToFileURL(join(root, name)).href}#/${hash}`);
    await page.locator('main :is(h1, .verdict)').first().waitFor();
    return page;
  }
  const compare = (a: string, b: string) => report.compare(a as never, b as never);

  it.each(['directory.html', 'object.html'])(
    '%s compares any two candidates as the report does',
    async (name) => {
      const page = await open(name, '?a=0&b=1');
      const { difference, interval, wins, losses, ties, changes } = compare(
        'production',
        'with examples of each label',
      );
      expect(await page.title()).toContain('Comparison · GEPA evaluation');
      expect(await page.locator('.verdict .sentence').textContent()).toContain(
        '"with examples of each label" is better than "production".',
      );
      const tiles = await page.locator('.tiles').textContent();
      for (const part of [
        `+${difference.toFixed(3)}`,
        `+${interval[0].toFixed(3)} to +${interval[1].toFixed(3)}`,
        `${wins}wins`,
        `${losses}losses`,
        `${ties}`,
      ])
        expect(tiles).toContain(part);
      expect(wins + losses).toBe(changes.length);
      const rows = page.locator('[aria-label="Examples with different scores"] .table-row');
      expect(await rows.first().textContent()).toContain(changes[0]!.exampleId);
      await page.close();
    },
  );

  it('the address chooses the candidates, and choosing changes the address', async () => {
    const page = await open('directory.html', '?a=1&b=0');
    expect(await page.locator('.verdict .sentence').textContent()).toContain(
      '"production" is worse than "with examples of each label".',
    );
    await page.getByLabel('B', { exact: true }).selectOption('2');
    expect(page.url()).toContain('a=1&b=2');
    expect(await page.locator('.verdict .sentence').textContent()).toContain(hostile);
    await page.getByLabel('A', { exact: true }).selectOption('2');
    expect(await page.locator('.verdict .sentence').textContent()).toContain(
      'Choose two different candidates',
    );
    await page.close();
  });

  it('the table has mean, interval, failures, cost, time and length of every candidate', async () => {
    const page = await open('directory.html');
    const rows = page.locator('table.evaluated tbody tr');
    expect(await rows.count()).toBe(3);
    const { mean, interval, characters } = report.candidates['production' as never] as {
      mean: number;
      interval: readonly [number, number];
      characters: number;
    };
    const text = await rows.first().textContent();
    for (const part of [
      mean.toFixed(3),
      `${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`,
      `${characters}`,
    ])
      expect(text).toContain(part);
    expect(text).toContain('$0.0');
    await page.close();
  });

  it.each([
    ['directory.html', 'please help me with'],
    ['object.html', 'Wanted '],
  ])('an example that flipped in %s leads to both outputs side by side', async (name, known) => {
    const page = await open(name, '?a=0&b=1');
    await page.locator('[aria-label="Examples with different scores"] .table-row a').first().click();
    await page.getByText('Side by side').waitFor();
    expect(page.url()).toMatch(/examples\/\d+\?a=0&b=1/);
    expect(await page.locator('.rollout').count()).toBe(2);
    expect(
      await page
        .getByLabel('B', { exact: true })
        .evaluate((select: HTMLSelectElement) => select.selectedOptions[0]!.text),
    ).toBe('"with examples of each label"');
    expect(await page.locator('main').textContent()).toContain(known);
    await page.close();
  });

  it('wins and losses lead to the grid with these examples, whose columns have the names', async () => {
    const page = await open('directory.html', '?a=0&b=1');
    await page.locator('.tiles a').first().click();
    await page.getByRole('heading', { name: 'Examples', exact: true }).waitFor();
    expect(page.url()).toContain('show=better');
    const { wins } = compare('production', 'with examples of each label');
    expect(await page.locator('.grid-row').count()).toBe(wins);
    expect(await page.locator('.grid-column').first().textContent()).toContain('production');
    await page.close();
  });

  it('names and inputs are text, never markup; views of a search are not offered', async () => {
    const page = await open('directory.html', '?a=0&b=2');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('nav').textContent()).toBe('ComparisonExamplesSpendSetup');
    await page.getByRole('link', { name: hostile }).first().click();
    await page.getByRole('heading', { name: hostile }).waitFor();
    expect(await page.locator('.diff ins').count()).toBeGreaterThan(0);
    await page.close();
  });

  it('phones show it without scrolling sideways, in dark and light', async () => {
    for (const view of ['', '?a=2&b=1', 'candidates/1', 'examples', 'examples/3', 'spend', 'setup']) {
      const page = await open('directory.html', view, { width: 390, height: 800 });
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(`${view} ${excess}`).toBe(`${view} 0`);
      }
      // Every view is within reach.
      const nav = await page.locator('nav').evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(nav).toBe(0);
      await page.close();
    }
  });

  it('gepa watch shows an evaluation, and the next call with another candidate', async () => {
    const directory = join(root, 'watched');
    const { production } = options.candidates;
    await evaluate({ ...options, candidates: { production }, runDir: directory } as never);
    const server = await watchRun(directory, { intervalMs: 50 });
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.getByText('"production" scores').waitFor();
    await evaluate({ ...options, runDir: directory } as never);
    await page
      .getByText(`${hostile}" and`)
      .or(page.locator('.verdict', { hasText: hostile }))
      .first()
      .waitFor();
    expect(await page.locator('table.evaluated tbody tr').count()).toBe(3);
    await page.close();
    await server.close();
  });

  it('the browser complains of nothing', () => {
    expect(complaints).toEqual([]);
  });
});
