// @module-tag slow
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { runCli } from '../../gepa-core/src/cli/cli.ts';
import { FileAccessError, OptionsError } from '../../gepa-core/src/errors.ts';
import { readRun, writeReport } from '../../gepa-core/src/exports/node.ts';
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

it('a path that cannot be written is refused before the run spends anything', async () => {
  writeFileSync(join(root, 'file'), '');
  for (const [report, why] of [
    [join(root, 'file', 'report.html'), 'a part of the path is a file'],
    [root, 'it is a directory'],
  ] as const) {
    const run = tokenRun({ ...setup, report });
    const error = await optimize(run.options).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(FileAccessError);
    expect((error as Error).message).toContain(`The report cannot be written to ${report}: ${why}`);
    expect(run.begun.size).toBe(0);
  }
  expect(readdirSync(root)).toEqual(['file']);
});

it.skipIf(process.platform !== 'linux')(
  'a report in a folder that cannot be created is refused before the run',
  async () => {
    const run = tokenRun({ ...setup, report: '/proc/gepa/report.html' });
    await expect(optimize(run.options)).rejects.toThrow(FileAccessError);
    expect(run.begun.size).toBe(0);
  },
);

it.each([undefined, 'run'])(
  'a report that cannot be written at the end is a warning of the result, which is not lost (runDir: %s)',
  async (name) => {
    const runDir = name && join(root, name);
    const folder = join(root, 'out');
    const onEvent = ({ type }: { readonly type: string }) => {
      if (type !== 'iteration_started' || !existsSync(folder) || !statSync(folder).isDirectory()) return;
      rmSync(folder, { recursive: true });
      writeFileSync(folder, '');
    };
    const run = tokenRun({ ...setup, runDir, onEvent, report: join(folder, 'report.html') });
    const result = await optimize(run.options);
    expect(result.bestScore).toBeGreaterThan(0);
    const words = 'The report was not written: The report cannot be written to';
    expect(result.warnings.join()).toContain(words);
    expect(run.events.at(-1)).toMatchObject({ type: 'warning', message: result.warnings.at(-1) });
    if (runDir !== undefined) expect(readRun(runDir).warnings.join()).toContain(words);
  },
);

it.each<[unknown, unknown, unknown, string]>([
  [{ result: {} }, 'x.html', undefined, 'The run must be the path of a run directory, or the result'],
  ['', 'x.html', undefined, 'The run must be the path of a run directory'],
  [undefined, 'x.html', undefined, 'The run must be the path'],
  ['run', '', undefined, 'The path must be a text that is not empty (got "").'],
  ['run', 'x.html', { maxDetailBytes: '5 MB' }, 'The option "maxDetailBytes" must be a number of 0 or more'],
  ['run', 'x.html', { maxDetailBytes: Number.NaN }, '(got NaN)'],
  ['run', 'x.html', { maxBytes: 1 }, 'There is no option "maxBytes"'],
])('writeReport refuses %j, %j, %j', async (of, path, options, words) => {
  const writing = () => writeReport(of as never, path as never, options as never);
  await expect(writing()).rejects.toThrow(OptionsError);
  await expect(writing()).rejects.toThrow(words);
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
