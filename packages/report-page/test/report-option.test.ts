// @module-tag slow
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { runCli } from '../../gepa-core/src/cli/cli.ts';
import { OptionsError } from '../../gepa-core/src/errors.ts';
import { writeReport } from '../../gepa-core/src/exports/node.ts';
import { optimize } from '../../gepa-core/src/optimize.ts';
import type { PageData } from '../../gepa-core/src/report-file/page-data.ts';
import { tokenExamples, tokenRun } from '../../gepa-core/src/testing/fixtures/token-run.ts';
import { buildPage } from './page.ts';

let root: string;
beforeAll(() => void buildPage(), 60_000);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-report-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const setup = { maxMetricCalls: 120, testset: tokenExamples('tests', 3) };

/** The data that a report file holds. */
function dataOf(file: string): PageData {
  const [, packed] = readFileSync(file, 'utf8').match(/id="gepa-data">([^<]*)</)!;
  return JSON.parse(gunzipSync(Buffer.from(packed!, 'base64')).toString()) as PageData;
}

it('the option report writes the run directory into a file when the run ends', async () => {
  const report = join(root, 'new', 'report.html');
  const result = await optimize(tokenRun({ ...setup, runDir: join(root, 'run'), report }).options);
  const data = dataOf(report);
  expect(data).toMatchObject({
    runId: result.runId,
    state: 'ended',
    bestIndex: result.bestIndex,
    test: result.test,
  });
  expect(data.proposals.length).toBeGreaterThan(0);
  expect(data.isPartial).toBeUndefined();
});

it('without a run directory the report has the scores and texts of the result, and says what is missing', async () => {
  const report = join(root, 'report.html');
  const result = await optimize(tokenRun({ ...setup, report }).options);
  const data = dataOf(report);
  expect(data).toMatchObject({ runId: result.runId, isPartial: true, metricCalls: result.totalMetricCalls });
  expect(data.candidates.map(({ texts }) => texts)).toEqual(result.candidates.map(({ texts }) => texts));
});

it('a report that cannot be written is a warning and does not lose the result', async () => {
  writeFileSync(join(root, 'file'), '');
  const run = tokenRun({ ...setup, report: join(root, 'file', 'report.html') });
  const result = await optimize(run.options);
  expect(result.bestScore).toBeGreaterThan(0);
  const warnings = run.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  expect(warnings.join()).toContain('The report was not written: The report cannot be written to');
});

it('an empty path is refused before the run', async () => {
  await expect(optimize(tokenRun({ ...setup, report: '' }).options)).rejects.toThrow(OptionsError);
});

it('writeReport takes a result or a run directory, and leaves no other file', async () => {
  const result = await optimize(tokenRun({ ...setup, runDir: join(root, 'run') }).options);
  await writeReport(result, join(root, 'out', 'result.html'));
  await writeReport(join(root, 'run'), join(root, 'out', 'run.html'));
  expect(readdirSync(join(root, 'out')).sort()).toEqual(['result.html', 'run.html']);
  await expect(writeReport(join(root, 'none'), join(root, 'out', 'none.html'))).rejects.toThrow('has no run');
  expect(existsSync(join(root, 'out', 'none.html'))).toBe(false);
});

it('a limit on details keeps those of the seed, the best candidate and the testset', async () => {
  const runDir = join(root, 'run');
  const result = await optimize(tokenRun({ ...setup, runDir }).options);
  await writeReport(runDir, join(root, 'all.html'));
  await writeReport(runDir, join(root, 'none.html'), { maxDetailBytes: 0 });
  expect(dataOf(join(root, 'all.html')).omittedRollouts).toBe(0);
  expect(dataOf(join(root, 'none.html')).omittedRollouts).toBe(result.totalMetricCalls);
});

it('gepa report writes beside the run, or where -o says, and prints where', async () => {
  const runDir = join(root, 'run');
  await optimize(tokenRun({ ...setup, runDir }).options);
  const printed: string[] = [];
  const io = {
    out: (text: string) => printed.push(text),
    err: (text: string) => printed.push(text),
    color: false,
  };
  expect(await runCli(['report', runDir], io)).toBe(0);
  expect(await runCli(['report', runDir, '-o', join(root, 'a.html'), '--json'], io)).toBe(0);
  expect(await runCli(['report', runDir, '--max-mb', 'many'], io)).toBe(2);
  expect(printed[0]).toContain(join(runDir, 'report.html'));
  const size = statSync(join(root, 'a.html')).size;
  expect(JSON.parse(printed[1]!)).toEqual({ path: join(root, 'a.html'), bytes: size });
  expect(dataOf(join(runDir, 'report.html'))).toEqual(dataOf(join(root, 'a.html')));
});
