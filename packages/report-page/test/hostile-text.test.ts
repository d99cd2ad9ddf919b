// @module-tag slow
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportSource } from '../../gepa-core/src/report-file/details.ts';
import { openReport } from './opened-page.ts';
import { browserPath, launch, withoutBrowser } from './page.ts';
import { simulatedRun } from './simulated-run.ts';

const attack =
  '</script><script>window.isHacked = true</script><img src=x onerror="window.isHacked = true"><!-- {{alert(1)}}';
const reversed = 'safe\u202etxt.exe\u0000\u001b[31m';

/** A run in which every text attacks. */
function hostile(): ReportSource {
  const source = simulatedRun({ candidates: 4, examples: 8, output: () => attack });
  const { data } = source;
  const text = (value: string) => `${value}\n${attack}\n${reversed}`;
  return {
    data: {
      ...data,
      about: { ...data.about, models: { task: [attack], reflection: reversed } },
      examples: data.examples.map((example) => ({
        ...example,
        id: `${attack} ${example.example}`,
        input: text('in'),
      })),
      candidates: data.candidates.map((candidate) => ({
        ...candidate,
        texts: { ...candidate.texts, [attack]: text(`text ${candidate.index}`) },
      })),
      rollouts: data.rollouts.map((rollout) => ({ ...rollout, error: attack })),
      warnings: [attack, reversed],
    },
    rollout: (ref) => ({
      ...source.rollout(ref),
      output: text('out'),
      feedback: attack,
      error: attack,
      trace: [{ kind: 'tool', name: attack, output: reversed }],
    }),
    reflection: () => ({ prompt: attack, answer: text('answer') }),
  };
}

describe.skipIf(browserPath === undefined)(`hostile text in a report${withoutBrowser}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('hostile text is shown as text in every view, never as markup or a script', async () => {
    await using opened = await openReport(browser, hostile());
    const { page } = opened;
    for (const view of [
      '',
      'candidates',
      'candidates/1?against=0',
      'examples',
      'examples/1?a=0&b=1',
      'proposals',
      'proposals/1',
      'spend',
      'setup',
    ]) {
      await opened.go(view);
      await page.waitForTimeout(50);
      expect(await page.evaluate(() => 'isHacked' in window)).toBe(false);
      expect(await page.locator('main :is(script, img)').count()).toBe(0);
    }
    await opened.go('examples/1?a=0&b=1');
    await page.getByText('Side by side').waitFor();
    expect(await page.getByLabel('Output', { exact: true }).first().textContent()).toContain(attack);
    expect(opened.complaints).toEqual([]);
    expect(opened.requests).toEqual([]);
  });

  it('shows characters that turn the writing direction or control a terminal as what they are', async () => {
    await using opened = await openReport(browser, hostile());
    await opened.go('examples/1?a=0&b=1');
    const input = await opened.page.getByLabel('Input', { exact: true }).first().textContent();
    expect(input).toContain('safe\\u202etxt.exe␀␛[31m');
    expect(input).not.toContain('\u202e');
  });

  it('shows an output of 5 MB in parts, and the page stays usable', async () => {
    const long = 'a long word '.repeat(420_000);
    const output = (example: number) => (example < 2 ? long : undefined);
    const source = simulatedRun({ candidates: 3, examples: 6, output });
    const last = source.data.candidates.length - 1;
    await using opened = await openReport(browser, source);
    const { page } = opened;
    await opened.go(`examples/1?a=0&b=${last}`);
    await page.getByText('of 5,040,000 characters').first().waitFor();
    const shown = async () => {
      const texts = await page.getByLabel('Output', { exact: true }).allTextContents();
      return Math.max(...texts.map(({ length }) => length));
    };
    expect(await shown()).toBe(20_000);
    await page.getByRole('button', { name: 'Show more' }).first().click();
    expect(await shown()).toBe(220_000);
    await opened.go('');
    await page.locator('.verdict').waitFor();
  });
});
