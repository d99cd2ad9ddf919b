// @module-tag slow
import { readFileSync, statSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedPage, openReport } from './opened-page.ts';
import { browserPath, buildPage, launch, withoutBrowser } from './page.ts';
import { simulatedRun } from './simulated-run.ts';

const source = simulatedRun({ candidates: 12, examples: 40, coverage: 0.9 });
const { data } = source;
const best = data.candidates[data.bestIndex]!;

it('the page without data is smaller than 300 kB', () => {
  expect(statSync(buildPage()).size).toBeLessThan(300_000);
});

describe.skipIf(browserPath === undefined)(`a report file in a browser${withoutBrowser}`, () => {
  let browser: Browser;
  let opened: OpenedPage;
  beforeAll(async () => {
    browser = await launch();
    opened = await openReport(browser, source);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await browser?.close();
  });
  const main = () => opened.page.locator('main');

  it('the overview says the outcome of the run in a sentence, with the held-out interval', async () => {
    await opened.go('');
    const sentence = await opened.page.locator('.verdict .sentence').textContent();
    expect(sentence).toContain(`Candidate ${best.index} gains`);
    expect(sentence).toContain('95% interval');
    expect(await main().textContent()).toContain('2 of 24 validation examples are also in the trainset');
    expect(await opened.page.locator('.chart canvas').count()).toBe(1);
    expect(await opened.page.locator('.chart').getAttribute('aria-label')).toContain('12 candidates');
  });

  it('the overview counts the fates of proposals by component', async () => {
    await opened.go('');
    expect(await opened.page.locator('.bar-part[style="width: 0%;"]').count()).toBe(0);
    const accepted = data.proposals.filter(({ status }) => status === 'accepted').length;
    const row = opened.page.locator('table.fates tbody tr').first();
    expect(await row.locator('td').first().textContent()).toBe(String(accepted));
    expect(await opened.page.locator('table.fates tbody tr').count()).toBe(3);
  });

  it('the lineage has a node for each candidate, and on request the proposals that were not accepted', async () => {
    await opened.go('candidates');
    const nodes = opened.page.locator('.lineage a[href^="#/candidates/"]');
    expect(await nodes.count()).toBe(data.candidates.length);
    expect(await opened.page.locator('.lineage a[href^="#/proposals/"]').count()).toBe(0);
    await opened.page.getByRole('checkbox').check();
    const others = data.proposals.filter(({ status }) => status === 'rejected' || status === 'refused');
    expect(await opened.page.locator('.lineage a[href^="#/proposals/"]').count()).toBe(others.length);
    expect(opened.page.url()).toContain('rejected=yes');
    expect(
      await opened.page.locator(`.lineage a[href="#/candidates/${best.index}"]`).getAttribute('aria-label'),
    ).toContain('the best');
  });

  it('the table of candidates sorts by a column, and its order is part of the address', async () => {
    await opened.go('candidates');
    await opened.page.getByRole('columnheader', { name: 'Score' }).getByRole('button').click();
    expect(opened.page.url()).toContain('sort=-score');
    const first = opened.page.locator('.table-row').first();
    expect(await first.textContent()).toContain(`#${best.index}`);
  });

  it('a candidate shows its texts against parent, seed or none', async () => {
    await opened.go(`candidates/${best.index}?against=0`);
    expect(await opened.page.locator('.diff ins').count()).toBeGreaterThan(0);
    await opened.page.getByLabel('Compare with').selectOption('none');
    expect(await opened.page.locator('.diff').count()).toBe(0);
    expect(await main().textContent()).toContain(best.texts['reply.system']!.split('\n')[0]);
  });

  it('a candidate shows why it was accepted, and the prompt and the answer it came from', async () => {
    await opened.go(`candidates/${best.index}`);
    const proposal = data.proposals[best.proposal! - 1]!;
    const { answer, prompt } = source.reflection(data.reflections[proposal.reflections[0]!]!.detail);
    await opened.page.getByText('The answer').waitFor();
    expect(await main().textContent()).toContain('The child was good enough on its minibatch');
    expect(
      await opened.page.getByRole('region', { name: 'Answer of the reflection model' }).textContent(),
    ).toBe(answer);
    await opened.page.getByText('The prompt, with the records').click();
    expect(await opened.page.getByRole('region', { name: 'Reflection prompt' }).textContent()).toBe(prompt);
  });

  it('a rejected proposal shows its texts and why it was rejected', async () => {
    const rejected = data.proposals.find(({ status }) => status === 'rejected')!;
    await opened.go(`proposals/${rejected.number}`);
    expect(await main().textContent()).toContain('The child was not good enough on its minibatch');
    expect(await opened.page.locator('.diff').count()).toBeGreaterThan(0);
  });

  it('the grid filters the examples that the seed got right and the best gets wrong', async () => {
    const lost = data.valset.filter(
      (_, position) => data.candidates[0]!.scores[position] === 1 && (best.scores[position] ?? 1) < 1,
    );
    await opened.go('examples');
    await opened.page.getByLabel('Show').selectOption('lost');
    await opened.page.getByRole('status').filter({ hasText: 'examples ×' }).waitFor();
    expect(await opened.page.locator('main [role=status]').textContent()).toContain(
      `${lost.length} of 40 examples`,
    );
    expect(await opened.page.locator('.grid-row').count()).toBe(lost.length);
    await opened.page.getByLabel('Find').fill('no such text');
    expect(await opened.page.locator('.grid').textContent()).toContain('No example fits.');
  });

  it('the grid shows the held-out examples, on which seed and best were scored', async () => {
    await opened.go('examples');
    await opened.page.getByRole('combobox', { name: 'Set', exact: true }).selectOption('test');
    await opened.page.getByRole('heading', { name: 'Held-out examples' }).waitFor();
    expect(await opened.page.locator('main [role=status]').textContent()).toContain(
      '20 examples × 2 candidates',
    );
    const cell = opened.page.locator('.cell').first();
    expect(await cell.textContent()).toBe(String(data.test!.seedScores[0]).replace('0.5', '.5'));
    await cell.click();
    await opened.page.getByRole('heading', { name: /^Example train-/ }).waitFor();
    await opened.page.getByText('Side by side').waitFor();
    expect(await opened.page.locator('.rollout').count()).toBe(2);
  });

  it('an example shows input, expected value and both outputs with score and feedback', async () => {
    const failure = data.rollouts.find(
      ({ error, candidate }) => error !== undefined && candidate !== undefined,
    )!;
    await opened.go(`examples/${failure.example}?a=0&b=${failure.candidate}`);
    await opened.page.getByText('Side by side').waitFor();
    const text = await main().textContent();
    expect(text).toContain('please help me soon');
    expect(text).toContain('SyntaxError: Unexpected token');
    expect(text).toContain('Feedback');
    expect(await opened.page.locator('.rollout').count()).toBeGreaterThan(1);
    await opened.page.getByText('Trace').first().click();
    const steps = await opened.page.locator('.steps').first().textContent();
    expect(steps).toContain('classify');
    expect(steps).toContain('finish reason: stop');
  });

  it('spend and time are shown by phase and by model', async () => {
    await opened.go('spend');
    const text = await main().textContent();
    expect(text).toContain('candidates on the valset');
    expect(text).toContain('simulated-large');
    await opened.go('setup');
    expect(await main().textContent()).toContain('leaderOrPareto');
  });

  it('a view that does not exist says so', async () => {
    await opened.page.evaluate(() => {
      location.hash = '/nothing';
    });
    await opened.page.getByText('There is no such view.').waitFor();
  });

  it('phones show every view without scrolling sideways, in dark and light', async () => {
    const phone = await openReport(browser, source, { width: 390, height: 800 });
    for (const colorScheme of ['dark', 'light'] as const) {
      await phone.page.emulateMedia({ colorScheme });
      for (const view of [
        '',
        'candidates',
        'candidates/1',
        'examples',
        'examples/1',
        'proposals',
        'proposals/1',
        'spend',
        'setup',
      ]) {
        await phone.go(view);
        const excess = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(`${view} ${excess}`).toBe(`${view} 0`);
      }
    }
    expect(phone.complaints).toEqual([]);
    await phone[Symbol.asyncDispose]();
  });

  it('unknown tokens, scores on a part and a text refused beside another are shown as what they are', async () => {
    const [first, second] = data.about.components.map(({ name }) => name) as [string, string];
    const [one, ...others] = data.proposals.filter(
      ({ kind, status }) => kind === 'mutation' && status === 'accepted',
    );
    const refused = { [second]: { reason: 'unchanged', message: 'It is the current one.' } } as const;
    await using page = await openReport(browser, {
      ...source,
      data: {
        ...data,
        part: [0, 1, 2, 3],
        usage: { modelCalls: 7, inputTokens: 0, outputTokens: 0 },
        proposals: [
          { ...one!, components: [first], refused },
          ...others.map((proposal) => ({ ...proposal, components: [first] })),
        ],
      },
    });
    const text = await page.page.locator('main').innerText();
    expect(text).toContain('7 calls, tokens not reported');
    expect(text).not.toContain('0 tokens');
    expect(text).toContain(`Scores on the 4 of ${data.valset.length} validation examples`);
    const row = page.page.locator('table.fates tbody tr').nth(2);
    expect(await row.locator('td').allInnerTexts()).toEqual(['0', '0', '1', '0', '0', '']);
    await row.getByRole('link', { name: '1' }).click();
    await page.page.getByText('1 row').waitFor();
  });

  it('the page asks for nothing, and breaks no rule of its content security policy', async () => {
    expect(opened.requests).toEqual([]);
    expect(opened.complaints).toEqual([]);
    const html = readFileSync(opened.file, 'utf8');
    expect(html).toContain("default-src 'none'; script-src 'sha256-");
    expect(html).toContain("connect-src 'none'");
    expect(html).not.toContain('unsafe-');
  });
});
